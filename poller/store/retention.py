"""Removal of what is old, and of the journal when nobody writes."""

from typing import Final

from sqlalchemy import Delete, Select, bindparam, delete, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.store.attended import silences, tendings
from poller.store.database import Database
from poller.store.engines import BUSY_TIMEOUT
from poller.store.leases import chosen, chunks
from poller.store.tables import deliveries, events, snapshots, stays
from poller.store.turns import PENDING

OLD_DELIVERIES: Final = (
    select(deliveries.c.id)
    .where(deliveries.c.settled_at < bindparam("p_before"))
    .order_by(deliveries.c.settled_at)
    .limit(bindparam("p_limit"))
)
_OWED: Final = exists().where(deliveries.c.event == events.c.position, PENDING)
OLD_EVENTS: Final = (
    select(events.c.position)
    .where(events.c.observed_at < bindparam("p_before"), ~_OWED)
    .order_by(events.c.observed_at)
    .limit(bindparam("p_limit"))
)
# Ids grow with time, so the oldest are the first: no index is needed for them.
_FIRST = select(snapshots.c.id, snapshots.c.observed_at).order_by(snapshots.c.id).limit(bindparam("p_limit")).subquery()
_FIRST_STAYS = select(stays.c.id, stays.c.at).order_by(stays.c.id).limit(bindparam("p_limit")).subquery()
OLD_STAYS: Final = select(_FIRST_STAYS.c.id).where(_FIRST_STAYS.c.at < bindparam("p_before"))
OLD_SNAPSHOTS: Final = select(_FIRST.c.id).where(_FIRST.c.observed_at < bindparam("p_before"))
_OLD_SILENCES = select(silences.c.id).where(silences.c.ends_at < bindparam("p_before")).limit(bindparam("p_limit"))
_REMOVE_SILENCES: Final = delete(silences).where(silences.c.id.in_(_OLD_SILENCES))
_OLD_TENDINGS = (
    select(tendings.c.job, tendings.c.route)
    .where(tendings.c.closed_at < bindparam("p_before"))
    .limit(bindparam("p_limit"))
)
_REMOVE_TENDINGS: Final = delete(tendings).where(tuple_(tendings.c.job, tendings.c.route).in_(_OLD_TENDINGS))
_REMOVE_SNAPSHOTS: Final = delete(snapshots).where(chosen(snapshots))
_REMOVE_STAYS: Final = delete(stays).where(chosen(stays))


class Retention:
    """Fits `engine.ports.Retention` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prune(self, *, now: float, events: float, snapshots: float, deliveries: float, limit: int) -> int:
        """Delete at most `limit` rows older than these ages (seconds) of each kind; returns how many.

        A pending delivery stays, and so does its event. What is known of a job is no history and stays as well; how long jobs were
        in a state, silences that are over and care that has ended are kept as long as events are.
        """
        async with self._database.writing() as transaction:
            removed = await _prune_deliveries(transaction, now - deliveries, limit)
            removed += await _prune_events(transaction, now - events, limit)
            removed += await _prune_first(transaction, OLD_STAYS, _REMOVE_STAYS, now - events, limit)
            removed += await _prune_care(transaction, now - events, limit)
            return removed + await _prune_first(transaction, OLD_SNAPSHOTS, _REMOVE_SNAPSHOTS, now - snapshots, limit)

    async def idle(self) -> None:
        """Move the journal into the file and cut it to nothing, unless somebody is reading: nobody is kept waiting for it."""
        if not self._database.is_sqlite:
            return
        async with self._database.outside_transactions(write=True) as sqlite:
            await sqlite.execute("PRAGMA busy_timeout = 0")
            try:
                await sqlite.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await sqlite.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")


async def _prune_deliveries(transaction: AsyncConnection, before: float, limit: int) -> int:
    old = await transaction.execute(OLD_DELIVERIES, {"p_before": before, "p_limit": limit})
    ids = list(old.scalars())
    for chunk in chunks(ids):
        await transaction.execute(delete(deliveries).where(deliveries.c.id.in_(chunk), ~PENDING))
    return len(ids)


async def _prune_events(transaction: AsyncConnection, before: float, limit: int) -> int:
    old = await transaction.execute(OLD_EVENTS, {"p_before": before, "p_limit": limit})
    positions = list(old.scalars())
    for chunk in chunks(positions):
        # Settled deliveries of it that are to be kept longer would point to nothing.
        await transaction.execute(delete(deliveries).where(deliveries.c.event.in_(chunk), ~PENDING))
        await transaction.execute(delete(events).where(events.c.position.in_(chunk)))
    return len(positions)


async def _prune_care(transaction: AsyncConnection, before: float, limit: int) -> int:
    """Silences that are over and tendings that were closed."""
    asked = {"p_before": before, "p_limit": limit}
    ended = await transaction.execute(_REMOVE_SILENCES, asked)
    closed = await transaction.execute(_REMOVE_TENDINGS, asked)
    return ended.rowcount + closed.rowcount


async def _prune_first(
    transaction: AsyncConnection, oldest: Select[tuple[int]], remove: Delete, before: float, limit: int
) -> int:
    """Of a table whose ids grow with time."""
    old = await transaction.execute(oldest, {"p_before": before, "p_limit": limit})
    ids = list(old.scalars())
    for chunk in chunks(ids):
        await transaction.execute(remove, {"p_ids": chunk})
    return len(ids)
