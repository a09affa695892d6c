"""How much of the work is whose."""

import pytest

from poller.core.breaker import CREDENTIAL_FAILURES
from poller.core.crew import ALONE, AWAY, Crew


@pytest.mark.parametrize("daemons", range(1, 7))
def test_all_together_have_as_many_places_as_may_fail_and_share_all_of_the_work(daemons: int) -> None:
    crews = [Crew(daemons=daemons, rank=rank) for rank in range(daemons)]
    assert sum(crew.places for crew in crews) == CREDENTIAL_FAILURES
    assert sum(crew.share for crew in crews) == pytest.approx(1.0)
    assert sum(crew.asking.share for crew in crews) == pytest.approx(1.0)
    assert [crew.asking.places for crew in crews] == [crew.places for crew in crews]
    assert {crew.asking for crew in crews if not crew.places} <= {AWAY}


def test_one_that_has_not_joined_has_no_part() -> None:
    crew = Crew(daemons=2, rank=1, joined=False)
    assert (crew.places, crew.share, crew.asking) == (0, 0.0, AWAY)
    assert ALONE.asking == ALONE
