"""Until someone acts: a job that waits for a person is told again and again, and told to others when nobody comes.

One tending is one route's care for one job: opened by an event that the route matches, while the job is in need of somebody;
reminded n times, escalated once; closed when the job has moved on or somebody has acknowledged it.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

NEEDY: Final = ("waiting_on_us", "failed")  # classes that are tended unless `until` says otherwise

Step: TypeAlias = Literal["remind", "escalate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TendingPlan:
    """What a route says; seconds, None for never. `until` names states or classes in which nobody is needed any more; without it
    those of `NEEDY` are the ones in which somebody is.
    """

    remind_every: float | None = None
    escalate_after: float | None = None
    escalate_to: tuple[str, ...] = ()
    until: tuple[str, ...] = ()

    @property
    def shortest(self) -> float:
        """The shorter of its times."""
        return min(seconds for seconds in (self.remind_every, self.escalate_after) if seconds is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tending:
    """How far it has come. `told_at` is the last reminder, or the opening; times are in seconds."""

    opened_at: float
    told_at: float
    reminders: int = 0
    escalated_at: float | None = None


def is_needed(plan: TendingPlan, state: str | None, state_class: str) -> bool:
    """Whether a job in this state waits for somebody."""
    if plan.until:
        return state not in plan.until and state_class not in plan.until
    return state_class in NEEDY


def due_step(tending: Tending, plan: TendingPlan, now: float) -> Step | None:
    """What is to be told at `now`. The escalation comes first: it is a reminder as well."""
    escalates, reminds = _escalates_at(tending, plan), _reminds_at(tending, plan)
    if escalates is not None and escalates <= now:
        return "escalate"
    return "remind" if reminds is not None and reminds <= now else None


def stepped(tending: Tending, step: Step, now: float) -> Tending:
    """The tending after it was told. What came due several times while nobody looked is told once."""
    if step == "escalate":
        return replace(tending, escalated_at=now, told_at=now)
    return replace(tending, reminders=tending.reminders + 1, told_at=now)


def next_step_at(tending: Tending, plan: TendingPlan) -> float | None:
    """When the next step is due; None when nothing more will be told."""
    return min(
        (at for at in (_reminds_at(tending, plan), _escalates_at(tending, plan)) if at is not None), default=None
    )


def _reminds_at(tending: Tending, plan: TendingPlan) -> float | None:
    return None if plan.remind_every is None else tending.told_at + plan.remind_every


def _escalates_at(tending: Tending, plan: TendingPlan) -> float | None:
    if plan.escalate_after is None or tending.escalated_at is not None:
        return None
    return tending.opened_at + plan.escalate_after
