"""The answers of a bench: what is measured against each other has the same length."""

import pytest

from poller.simulator.answers import Template
from tests.bench.answers import IN_A_WHOLE_BENCH, upstream_world


def length(answer: Template | None) -> int:
    assert answer is not None
    return len(b"".join(answer))


def test_a_changing_job_has_on_average_answers_as_long_as_one_that_never_changes() -> None:
    still, changing = (upstream_world(jobs=1, changing=changing) for changing in (False, True))
    [job] = still.job_ids
    lengths = [length(changing.detail(job)) for _ in range(IN_A_WHOLE_BENCH)]
    assert lengths[-1] > lengths[0]
    assert sum(lengths) / len(lengths) == pytest.approx(length(still.detail(job)), rel=0.03)
