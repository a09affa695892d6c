"""What the database says of the whole, in a few short reads: for metrics and the status page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poller.core.listing import DeliveryCount, JobCount
from poller.core.work import SourceHealth
from poller.web.ports import Archive


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Watched jobs by source and state, what is owed, and which sources are blind. `overdue` and `health` are by source."""

    jobs: Sequence[JobCount]
    owed: Sequence[DeliveryCount]
    overdue: Mapping[str, int]
    health: Mapping[str, SourceHealth]
    bytes: int
    journal_bytes: int


async def look_at_figures(archive: Archive, sources: Sequence[str], now: float) -> Figures:
    """Raises StoreError."""
    used, journal = await archive.disk()
    return Figures(
        jobs=await archive.count_jobs(now=now),
        owed=await archive.count_deliveries(),
        overdue={name: await archive.overdue(name, now=now) for name in sources},
        health={name: await archive.health(name) for name in sources},
        bytes=used,
        journal_bytes=journal,
    )
