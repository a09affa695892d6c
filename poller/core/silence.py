"""Silences: for a time, events of some jobs are recorded and owed to nobody. What was silenced stays to be seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from poller.core.delivery import REASON_LIMIT
from poller.core.event import Event
from poller.core.route import Route, matches


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSilence:
    """What an operator asks for; begins at once."""

    which: Route
    job_ids: tuple[str, ...]
    author: str
    comment: str
    ends_at: float


UNSILENCED: Final = "test"  # the family that an operator asks for and always gets


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """From `starts_at` until `ends_at` (seconds) nobody is told of events that `which` matches and that are about one of `job_ids`,
    if any are named. `which.notify` is empty.
    """

    id: int
    which: Route
    job_ids: tuple[str, ...]
    author: str
    comment: str
    starts_at: float
    ends_at: float

    @property
    def reason(self) -> str:
        """What stands on a delivery that it gave up."""
        return f"silenced by {self.author} (silence {self.id}): {self.comment}"[:REASON_LIMIT]


def is_silencing(silence: Silence, event: Event, at: float) -> bool:
    """Whether the event is silenced at this instant."""
    return (
        silence.starts_at <= at < silence.ends_at
        and event.family != UNSILENCED
        and (not silence.job_ids or event.job_id in silence.job_ids)
        and matches(event, silence.which)
    )


def silencing(silences: Iterable[Silence], event: Event, at: float) -> Silence | None:
    """The silence that an event meets, the one that lasts longest when there are several."""
    found = [silence for silence in silences if is_silencing(silence, event, at)]
    return max(found, key=lambda silence: silence.ends_at, default=None)
