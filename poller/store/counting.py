"""Counts for metrics and the status page."""

from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.listing import DeliveryCount, JobCount, StoreSize
from poller.core.vocabulary import StateClass
from poller.store.database import Database
from poller.store.leases import held, unheld
from poller.store.place import Place
from poller.store.tables import deliveries, jobs, metadata
from poller.store.turns import PENDING

# Two statements: the first needs the index only, the second only looks at jobs that are overdue.
_BY_STATE: Final = (jobs.c.source, jobs.c.state_class, jobs.c.state)
JOB_COUNT: Final = select(*_BY_STATE, func.count()).where(jobs.c.watching).group_by(*_BY_STATE).order_by(*_BY_STATE)
_OVERDUE: Final = (
    select(*_BY_STATE, func.count())
    .where(jobs.c.watching, jobs.c.source == bindparam("p_source"), jobs.c.due_at < bindparam("p_now"))
    .group_by(*_BY_STATE)
)
OVERDUE_COUNT: Final = _OVERDUE.where(unheld(jobs))
_OVERDUE_COUNT_SHARED: Final = _OVERDUE.where(jobs.c.claimed_until.is_(None))
# Two statements, each on the partial index that holds just these rows.
PENDING_COUNT: Final = (
    select(deliveries.c.notifier, func.count(), func.min(deliveries.c.created_at))
    .where(PENDING)
    .group_by(deliveries.c.notifier)
)
DEAD_COUNT: Final = (
    select(deliveries.c.notifier, func.count())
    .where(deliveries.c.state == literal_column("'dead'"))
    .group_by(deliveries.c.notifier)
)


async def count_jobs(view: AsyncConnection, database: Database, now: float) -> list[JobCount]:
    """Watched jobs by source and state. On SQLite only the daemon itself knows which are being polled."""
    overdue_count = OVERDUE_COUNT if database.is_sqlite else _OVERDUE_COUNT_SHARED
    rows = (await view.execute(JOB_COUNT)).all()
    asked = {"p_now": now, **held(database, jobs)}
    overdue: dict[tuple[str, StateClass, str | None], int] = {}
    for source in dict.fromkeys(row.source for row in rows):
        late = await view.execute(overdue_count, {**asked, "p_source": source})
        overdue |= {(name, state_class, state): count for name, state_class, state, count in late}
    return [
        JobCount(
            source=source,
            state_class=state_class,
            state=state,
            jobs=count,
            overdue=overdue.get((source, state_class, state), 0),
        )
        for source, state_class, state, count in rows
    ]


async def count_deliveries(view: AsyncConnection) -> list[DeliveryCount]:
    """Pending and dead ones by notifier."""
    pending = {name: (count, oldest) for name, count, oldest in await view.execute(PENDING_COUNT)}
    dead: dict[str, int] = {name: count for name, count in await view.execute(DEAD_COUNT)}
    return [_delivery_count(name, *pending.get(name, (0, None)), dead.get(name, 0)) for name in sorted(pending | dead)]


async def size(view: AsyncConnection, place: Place) -> StoreSize:
    """Rows of each table and bytes on the disk."""
    rows = {table.name: await _count(view, table.name) for table in metadata.sorted_tables}
    used, journal = await disk(view, place)
    return StoreSize(rows=rows, bytes=used, journal_bytes=journal)


async def disk(view: AsyncConnection, place: Place) -> tuple[int, int]:
    """Bytes of the database and of its journal, which is 0 where the server keeps it. Cheap."""
    if place.file is None:
        used = await view.execute(text("SELECT pg_database_size(current_database())"))
        return used.scalar_one(), 0
    return _bytes(place.file), _bytes(place.file.with_name(place.file.name + "-wal"))


async def _count(view: AsyncConnection, table: str) -> int:
    counted = await view.execute(select(func.count()).select_from(metadata.tables[table]))
    return counted.scalar_one()


def _bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _delivery_count(notifier: str, pending: int, oldest: float | None, dead: int) -> DeliveryCount:
    return DeliveryCount(notifier=notifier, pending=pending, dead=dead, oldest=oldest)
