"""Until someone acts: reminded again and again, escalated once, each due time told once however late it is noticed."""

import pytest

from poller.core.care import care, tended_routes
from poller.core.route import Route
from poller.core.tending import Tending, TendingPlan, due_step, is_needed, next_step_at, stepped
from tests.store.making import event

DAY = 86400.0
PLAN = TendingPlan(remind_every=DAY, escalate_after=2.5 * DAY, escalate_to=("boss",))


def told(plan: TendingPlan, *, looks: list[float]) -> list[tuple[float, str]]:
    tending = Tending(opened_at=0.0, told_at=0.0)
    steps: list[tuple[float, str]] = []
    for now in looks:
        while (step := due_step(tending, plan, now)) is not None:
            steps.append((now, step))
            tending = stepped(tending, step, now)
    return steps


def test_reminders_come_at_their_distance_and_the_escalation_once() -> None:
    looks = [hour * 3600.0 for hour in range(24 * 5)]
    assert told(PLAN, looks=looks) == [
        (1 * DAY, "remind"),
        (2 * DAY, "remind"),
        (2.5 * DAY, "escalate"),
        (3.5 * DAY, "remind"),
        (4.5 * DAY, "remind"),
    ]


def test_what_came_due_several_times_while_nobody_looked_is_told_once() -> None:
    assert told(TendingPlan(remind_every=DAY), looks=[10.2 * DAY, 10.3 * DAY, 11.2 * DAY]) == [
        (10.2 * DAY, "remind"),
        (11.2 * DAY, "remind"),
    ]


def test_the_next_step_is_known_and_after_the_last_there_is_none() -> None:
    tending = Tending(opened_at=0.0, told_at=DAY, reminders=1)
    assert next_step_at(tending, PLAN) == 2 * DAY
    only = TendingPlan(escalate_after=DAY, escalate_to=("boss",))
    assert next_step_at(stepped(tending, "escalate", 3 * DAY), only) is None


@pytest.mark.parametrize(
    ("until", "state", "state_class", "needed"),
    [
        ((), "WAIT", "waiting_on_us", True),
        ((), "TRAIN_FAILED", "failed", True),
        ((), "TRAINING", "active", False),
        ((), "JOB_SUCCESS", "done", False),
        (("done",), "TRAINING", "active", True),
        (("done",), "JOB_SUCCESS", "done", False),
        (("TRAINING",), "TRAINING", "active", False),
    ],
)
def test_somebody_is_needed_until_the_job_is_where_until_says(
    until: tuple[str, ...], state: str, state_class: str, needed: bool
) -> None:
    assert is_needed(TendingPlan(remind_every=DAY, until=until), state, state_class) is needed


def test_a_route_opens_with_what_it_matches_and_closes_with_the_state() -> None:
    routes = [
        Route(notify=("hook",), on=("state:TRAIN_FAILED",), tending=PLAN),
        Route(notify=("hook",), on=("state:OTHER",), tending=PLAN),
        Route(notify=("hook",)),
    ]
    tended = tended_routes(routes)
    first, second = tended
    failure = [event("a", 1, transition="TRAIN_FAILED")]
    [opening] = care(tended, failure, "TRAIN_FAILED", "failed", moved=True, now=7.0)
    assert (opening.route, opening.new, opening.tending) == (first, True, Tending(opened_at=7.0, told_at=7.0))
    closings = care(tended, [event("a", 2)], "TRAINING", "active", moved=True, now=9.0)
    assert [(one.route, one.tending) for one in closings] == [(first, None), (second, None)]
    assert care(tended, [], "TRAINING", "active", moved=False, now=9.0) == ()


def test_a_route_keeps_its_name_when_it_tells_others_or_at_other_times_and_two_alike_have_two() -> None:
    def names(*routes: Route) -> list[str]:
        return list(tended_routes(routes))

    route = Route(notify=("hook",), on=("X",), labels={"a": "b"}, tending=PLAN)
    changed = Route(notify=("ops",), on=("X",), labels={"a": "b"}, tending=TendingPlan(remind_every=1.0))
    other = Route(notify=("hook",), on=("Y",), tending=PLAN)
    assert names(route) == names(changed)
    assert names(route) != names(other)
    assert len(set(names(route, changed, changed))) == 3
