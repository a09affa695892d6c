"""How far the jobs of each batch are, and what was told of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.batch import Batch, Progress
from poller.core.work import Told
from poller.store.attended import batches
from poller.store.database import Database
from poller.store.tables import jobs
from poller.store.telling import tell
from poller.store.upsert import insert_new

_GROUP: Final = (jobs.c.batch_name, jobs.c.state_class, jobs.c.missing)
_IN_BATCHES: Final = (
    jobs.c.source == bindparam("p_source"),
    jobs.c.removed_at.is_(None),
    jobs.c.batch_name.is_not(None),
)
COUNTS: Final = select(*_GROUP, func.count().label("jobs")).where(*_IN_BATCHES).group_by(*_GROUP).order_by(*_GROUP)
# For people: reads the rows themselves.
TIMES: Final = (
    select(
        jobs.c.batch_name,
        func.min(jobs.c.added_at).label("oldest_at"),
        func.max(jobs.c.state_since).label("changed_at"),
    )
    .where(*_IN_BATCHES)
    .group_by(jobs.c.batch_name)
)
_NOTICED: Final = select(batches.c.batch_name, batches.c.done, batches.c.completions, batches.c.told_at).where(
    batches.c.source == bindparam("p_source")
)
_CHANGE: Final = (
    update(batches)
    .where(batches.c.source == bindparam("p_source"), batches.c.batch_name == bindparam("p_batch_name"))
    .where(batches.c.done == bindparam("p_was_done"), batches.c.completions == bindparam("p_was_completed"))
    .values(
        done=bindparam("p_done"),
        completions=bindparam("p_completions"),
        told_at=bindparam("p_told_at", type_=batches.c.told_at.type),
    )
)


class Batches:
    """Each method is one short transaction; fits `engine.caring.Batches` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, source: str) -> Sequence[tuple[Progress, Batch | None]]:
        """Every batch of the source as it is, and as it was last noticed."""
        async with self._database.reading() as view:
            noticed = await _noticed(view, source)
            found = await _progress(view, source)
        return [(one, noticed.get(one.batch_name)) for one in found]

    async def notice(self, progress: Progress, before: Batch | None, after: Batch, told: Told | None) -> bool:
        """Save what was noticed, and tell it if there is something to tell; False when somebody else noticed it before."""
        async with self._database.writing() as transaction:
            if not await _save(transaction, progress, before, after):
                return False
            await tell(transaction, [] if told is None else [(None, told)])
            return True


async def progress_of(view: AsyncConnection, source: str) -> list[Progress]:
    """The batches of a source with their times, by name."""
    times = {row.batch_name: (row.oldest_at, row.changed_at) for row in await view.execute(TIMES, {"p_source": source})}
    return await _progress(view, source, times)


async def _progress(
    view: AsyncConnection, source: str, times: Mapping[str, tuple[float | None, float | None]] | None = None
) -> list[Progress]:
    classes: dict[str, dict[str, int]] = {}
    missing: dict[str, int] = {}
    for row in await view.execute(COUNTS, {"p_source": source}):
        counts = classes.setdefault(row.batch_name, {})
        if row.missing:
            missing[row.batch_name] = missing.get(row.batch_name, 0) + row.jobs
        else:
            counts[row.state_class] = counts.get(row.state_class, 0) + row.jobs
    return [
        Progress(
            source=source,
            batch_name=name,
            classes=counts,
            missing=missing.get(name, 0),
            oldest_at=(times or {}).get(name, (None, None))[0],
            changed_at=(times or {}).get(name, (None, None))[1],
        )
        for name, counts in classes.items()
    ]


async def _noticed(view: AsyncConnection, source: str) -> dict[str, Batch]:
    rows = await view.execute(_NOTICED, {"p_source": source})
    return {row.batch_name: _to_batch(row) for row in rows}


def _to_batch(row: Row[*tuple[Any, ...]]) -> Batch:
    return Batch(done=row.done, completions=row.completions, told_at=row.told_at)


async def _save(transaction: AsyncConnection, progress: Progress, before: Batch | None, after: Batch) -> bool:
    named = {"source": progress.source, "batch_name": progress.batch_name}
    if before is None:
        row = {**named, "done": after.done, "completions": after.completions, "told_at": after.told_at}
        statement = insert_new(transaction, batches, ["source", "batch_name"]).returning(batches.c.source)
        return (await transaction.execute(statement, row)).first() is not None
    changed = {
        "p_source": progress.source,
        "p_batch_name": progress.batch_name,
        "p_was_done": before.done,
        "p_was_completed": before.completions,
        "p_done": after.done,
        "p_completions": after.completions,
        "p_told_at": after.told_at,
    }
    return (await transaction.execute(_CHANGE, changed)).rowcount == 1
