"""When the waiting for a job is over."""

import pytest

from poller.core.goal import Goal, Verdict
from poller.core.vocabulary import StateClass


@pytest.mark.parametrize(
    ("wanted", "state", "state_class", "verdict"),
    [
        ([], "TRAINING", "active", None),
        ([], "JOB_SUCCESS", "done", "reached"),
        ([], "TRAIN_FAILED", "failed", "failed"),
        (["failed"], "TRAIN_FAILED", "failed", "reached"),
        (["TRAIN_FAILED"], "TRAIN_FAILED", "failed", "reached"),
        (["MANUAL_VERIFY_FAILED"], "TRAIN_FAILED", "failed", "failed"),
        (["TRAINING"], "JOB_SUCCESS", "done", "ended"),
        (["TRAINING", "done"], "JOB_SUCCESS", "done", "reached"),
        (["waiting_on_us"], "TRAINING", "active", None),
        (["active"], "TRAINING", "active", "reached"),
        (["unknown"], None, "unknown", "reached"),
        (["NEW_STATE"], "NEW_STATE", "unknown", "reached"),
    ],
)
def test_the_waiting_is_over_when_it_is_there_or_cannot_come_any_more(
    wanted: list[str], state: str | None, state_class: StateClass, verdict: Verdict | None
) -> None:
    assert Goal(wanted=frozenset(wanted)).judge(state, state_class) == verdict
