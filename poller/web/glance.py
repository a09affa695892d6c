"""What the status page shows besides the figures: the newest events, and jobs that want somebody's attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from poller.core.listing import EventFilter, EventRow, JobFilter, JobRow
from poller.web.ports import Archive

EVENTS: Final = 25
JOBS: Final = 25  # of each sort


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """The newest `EVENTS` events, and up to `JOBS` jobs that are stuck, and that have failed."""

    events: Sequence[EventRow]
    stuck: Sequence[JobRow]
    failed: Sequence[JobRow]


async def glance(archive: Archive) -> Glance:
    """Raises StoreError."""
    return Glance(
        events=await archive.events(EventFilter(), limit=EVENTS),
        stuck=await archive.jobs(JobFilter(stuck=True), after=0, limit=JOBS),
        failed=await archive.jobs(JobFilter(state_class="failed"), after=0, limit=JOBS),
    )
