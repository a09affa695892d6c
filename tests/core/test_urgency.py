"""An urgent job is due before all others, and is shown as due since somebody asked for it."""

from hypothesis import given
from hypothesis import strategies as st

from poller.core.cadence import is_urgent, shown_due, urgent_due

TODAY = st.floats(1.6e9, 4e9)
YEAR = 365 * 86400.0


@given(TODAY, st.floats(-YEAR, YEAR), st.floats(-YEAR, YEAR))
def test_an_urgent_job_comes_before_every_other(now: float, other: float, later: float) -> None:
    assert urgent_due(now) < now + other
    assert is_urgent(urgent_due(now), now + later)
    assert not is_urgent(now + other, now + later)


@given(TODAY, st.floats(0.001, YEAR))
def test_urgent_jobs_keep_the_order_in_which_they_became_so(now: float, later: float) -> None:
    assert urgent_due(now) < urgent_due(now + later)


@given(TODAY, st.floats(-YEAR, YEAR))
def test_an_urgent_job_is_shown_as_due_since_it_became_so_and_any_other_as_it_is(now: float, later: float) -> None:
    assert abs(shown_due(urgent_due(now), now + later) - now) < 1e-5
    assert shown_due(now, now + later) == now
