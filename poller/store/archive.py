"""What is shown: lists and single rows. Nothing here writes, so that it works with the daemon running and stopped."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, Select, select

from poller.core.batch import Progress
from poller.core.crew import Member
from poller.core.forecast import LATE, Survey
from poller.core.listing import (
    DeliveryCount,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryRow,
    EventFilter,
    EventRow,
    JobCount,
    JobDetail,
    JobFilter,
    JobRow,
    SnapshotRow,
    StoreSize,
)
from poller.core.silence import Silence
from poller.core.work import SourceHealth
from poller.errors import NotFound
from poller.store import batches, counting, foreseeing, members, staying, surveying
from poller.store.attended import acknowledgements
from poller.store.codec import from_text, numbers
from poller.store.database import Database
from poller.store.picking import (
    ACKNOWLEDGED,
    ACKNOWLEDGEMENT,
    DELIVERY_COLUMNS,
    pick_deliveries,
    pick_events,
    pick_history,
    pick_jobs,
)
from poller.store.rows import to_delivery_row, to_event, to_event_row, to_job_row, to_snapshot_row
from poller.store.schema import misfit
from poller.store.silences import pick_silences, to_silence
from poller.store.tables import columns, deliveries, events, jobs, known

PAGE: Final = 1000  # rows in one answer; the caller asks again, beginning behind the last one

_ALL_JOBS: Final = JobFilter()
_ALL_EVENTS: Final = EventFilter()
_ALL_DELIVERIES: Final = DeliveryFilter()


class Archive:
    """Every method is one short read of at most `PAGE` rows. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def misfit(self) -> str | None:
        """Why this version cannot go on with the schema as it is now; None when it can."""
        async with self._database.reading() as view:
            return await misfit(view, self._database.place.shown, shared=not self._database.is_sqlite)

    async def jobs(self, wanted: JobFilter = _ALL_JOBS, *, after: int = 0, limit: int = PAGE) -> Sequence[JobRow]:
        """Jobs in the order in which they were added; `after` is the `key` of the last one of the page before."""
        return [to_job_row(row) for row in await self._rows(pick_jobs(wanted, after, min(limit, PAGE)))]

    async def job(self, source: str, job_id: str) -> JobDetail:
        """All that is known of a job, also of a removed one. Raises NotFound."""
        joined = jobs.outerjoin(known).outerjoin(acknowledgements, ACKNOWLEDGED)
        statement = select(jobs, *ACKNOWLEDGEMENT, known.c.snapshot, known.c.counts).select_from(joined)
        rows = await self._rows(statement.where(jobs.c.source == source, jobs.c.job_id == job_id))
        if not rows:
            raise NotFound(f"no job {job_id} of source {source} is known; `poller jobs list` shows them")
        snapshot, counts = rows[0]["snapshot"], rows[0]["counts"]
        return JobDetail(
            row=to_job_row(rows[0]),
            snapshot=None if snapshot is None else from_text(snapshot),
            counts={} if counts is None else numbers(counts),
        )

    async def history(self, key: int, *, limit: int = PAGE) -> Sequence[SnapshotRow]:
        """The newest changes of a job, newest first, as far as they are still kept."""
        return [to_snapshot_row(row) for row in await self._rows(pick_history(key, min(limit, PAGE)))]

    async def events(
        self,
        wanted: EventFilter = _ALL_EVENTS,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = PAGE,
    ) -> Sequence[EventRow]:
        """Newest first, beginning before the position `before`; with `after` in the order of commits, to follow them."""
        rows = await self._rows(pick_events(wanted, after=after, before=before, limit=min(limit, PAGE)))
        return [to_event_row(row) for row in rows]

    async def last_position(self) -> int:
        """The position of the newest event, 0 when there is none: where to begin to follow."""
        newest = await self._rows(select(events.c.position).order_by(events.c.position.desc()).limit(1))
        return newest[0]["position"] if newest else 0

    async def deliveries(
        self, wanted: DeliveryFilter = _ALL_DELIVERIES, *, before: int | None = None, limit: int = PAGE
    ) -> Sequence[DeliveryRow]:
        """Newest first; `before` is the `id` of the last one of the page before."""
        rows = await self._rows(pick_deliveries(wanted, before=before, limit=min(limit, PAGE)))
        return [to_delivery_row(row) for row in rows]

    async def delivery(self, id_: int) -> DeliveryDetail:
        """One delivery with its event. Raises NotFound."""
        statement = select(*DELIVERY_COLUMNS, *columns(events, "time", "observed_at", "data"))
        statement = statement.select_from(deliveries.join(events))
        rows = await self._rows(statement.where(deliveries.c.id == id_))
        if not rows:
            raise NotFound(f"no delivery {id_} is known; `poller deliveries list` shows them")
        return DeliveryDetail(row=to_delivery_row(rows[0]), event=to_event(rows[0]))

    async def count_jobs(self, *, now: float) -> Sequence[JobCount]:
        """Watched jobs by source and state; overdue are those that were due before `now` and are not being polled."""
        async with self._database.reading() as view:
            return await counting.count_jobs(view, self._database, now)

    async def count_deliveries(self) -> Sequence[DeliveryCount]:
        """What is pending and dead, by notifier; one that has neither is left out."""
        async with self._database.reading() as view:
            return await counting.count_deliveries(view)

    async def survey(self, source: str, *, now: float) -> Survey:
        """What a plan of the source needs to know."""
        async with self._database.reading() as view:
            return await foreseeing.survey(view, source, now)

    async def overdue(self, source: str, *, now: float) -> int:
        """How many polls of the source are overdue."""
        async with self._database.reading() as view:
            return await surveying.overdue(view, source, now - LATE)

    async def usual_stays(self, source: str, state: str) -> Sequence[float]:
        """How long jobs stayed in this state before (seconds), the newest at most 500 stays."""
        async with self._database.reading() as view:
            return await staying.usual_stays(view, source, state)

    async def health(self, source: str) -> SourceHealth:
        """Whether the source is told as blind."""
        async with self._database.reading() as view:
            return await foreseeing.health(view, source)

    async def daemons(self) -> Sequence[Member]:
        """The daemons that share this PostgreSQL, also those that were lost lately; none on SQLite, whose one daemon needs no list."""
        if self._database.is_sqlite:
            return []
        async with self._database.reading() as view:
            return await members.members(view)

    async def silences(self, *, before: int | None = None, limit: int = PAGE) -> Sequence[Silence]:
        """Newest first, those that are over too; `before` is the `id` of the last one of the page before."""
        async with self._database.reading() as view:
            return [to_silence(row) for row in await view.execute(pick_silences(before=before, limit=min(limit, PAGE)))]

    async def batches(self, source: str) -> Sequence[Progress]:
        """How far the batches of a source are, by name."""
        async with self._database.reading() as view:
            return await batches.progress_of(view, source)

    async def size(self) -> StoreSize:
        """How much is stored; counts every row, so it is for people, not for metrics."""
        async with self._database.reading() as view:
            return await counting.size(view, self._database.place)

    async def disk(self) -> tuple[int, int]:
        """Bytes of the database and of its journal, which is 0 where the server keeps it."""
        async with self._database.reading() as view:
            return await counting.disk(view, self._database.place)

    async def _rows(self, statement: Select[*tuple[Any, ...]]) -> Sequence[RowMapping]:
        async with self._database.reading() as view:
            return (await view.execute(statement)).mappings().all()
