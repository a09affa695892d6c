"""What a job is waited for to become, and when the waiting is over. Pure."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, TypeAlias

from poller.core.vocabulary import StateClass

# reached: it is there. failed: it is in a failed state that was not asked for. ended: it is done, which was not asked for either.
Verdict: TypeAlias = Literal["reached", "failed", "ended"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """States and classes, any of which will do; none: until the job has ended, which only as `done` is a success."""

    wanted: AbstractSet[str] = frozenset()

    def judge(self, state: str | None, state_class: StateClass) -> Verdict | None:
        """Whether the waiting is over in this state, and how; None while the job is on its way."""
        if state_class in self.wanted or state in self.wanted:
            return "reached"
        if state_class == "failed":
            return "failed"
        if state_class == "done":
            return "ended" if self.wanted else "reached"
        return None
