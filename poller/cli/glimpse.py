"""What `poller wait` sees of a job, whoever polls it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from poller.core.vocabulary import StateClass


@dataclass(frozen=True, kw_only=True, slots=True)
class Glimpse:
    """The job at a moment; times in seconds. `events` are those that are new, as CloudEvents, the oldest first.

    `fresh`: an answer about it has come since the waiting began; before, its state may be of long ago. `trouble` says why there is
    no answer now.
    """

    name: str | None
    state: str | None
    state_class: StateClass
    state_since: float
    fresh: bool
    events: tuple[Mapping[str, Any], ...] = ()
    next_look_at: float | None = None
    missing: bool = False
    trouble: str | None = None


See: TypeAlias = Callable[[Glimpse], Awaitable[bool]]
"""Is shown each glimpse; true: enough seen."""
