"""What operators do to deliveries: try again, give up."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Update, bindparam, func, select, update

from poller.core.delivery import DeliveryState
from poller.core.event import Event
from poller.core.listing import DeliveryFilter
from poller.store.database import Database
from poller.store.leases import chosen, chunks, unclaimed
from poller.store.picking import EVENT_COLUMNS, delivery_conditions
from poller.store.rows import to_event
from poller.store.tables import deliveries, events
from poller.store.turns import PENDING, call_up

BATCH: Final = 1000  # deliveries in one transaction

# `attempts` begins anew, and with it the schedule of waits; the last error stays to be seen until the next attempt has ended.
_RETRY: Final = (
    update(deliveries)
    .where(chosen(deliveries))
    .values(
        state="pending",
        attempts=0,
        next_attempt_at=bindparam("p_now"),
        not_before=None,
        claimed_until=None,
        settled_at=None,
    )
)
_DISCARD: Final = (
    update(deliveries)
    .where(chosen(deliveries))
    .values(state="discarded", next_attempt_at=None, claimed_until=None, settled_at=bindparam("p_now"))
)
# What waits for the end of quiet hours and was never tried.
_WAITING: Final = (
    select(deliveries.c.id.label("delivery"), deliveries.c.notifier, deliveries.c.not_before, *EVENT_COLUMNS)
    .select_from(deliveries.join(events))
    .where(PENDING, deliveries.c.attempts == 0, deliveries.c.not_before > bindparam("p_now"))
    .where(deliveries.c.id > bindparam("p_after"))
    .order_by(deliveries.c.id)
    .limit(BATCH)
)
_WAIT: Final = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("p_id"), PENDING, deliveries.c.attempts == 0, unclaimed(deliveries))
    .values(
        not_before=bindparam("p_until", type_=deliveries.c.not_before.type),
        next_attempt_at=func.coalesce(bindparam("p_until", type_=deliveries.c.not_before.type), bindparam("p_now")),
    )
)

WaitsUntil: TypeAlias = Callable[[Event, str, float], float | None]


class Backlog:
    """Bulk changes, in short transactions one after the other. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, wanted: DeliveryFilter) -> int:
        """How many deliveries match."""
        async with self._database.reading() as view:
            statement = select(func.count()).select_from(deliveries).where(*delivery_conditions(wanted))
            return (await view.execute(statement)).scalar_one()

    async def retry(self, wanted: DeliveryFilter, *, now: float) -> int:
        """Make matching deliveries due at once, with a fresh schedule of retries; returns how many.

        Dead and pending ones; discarded ones only when they are named by id or state. Delivered ones are never sent again, and one
        whose attempt is under way is left to it.
        """
        named = wanted.ids is not None or wanted.state is not None
        states: tuple[DeliveryState, ...] = ("dead", "pending", "discarded") if named else ("dead", "pending")
        return await self._change(wanted, states, _RETRY, now, only=(unclaimed(deliveries),))

    async def discard(self, wanted: DeliveryFilter, *, now: float) -> int:
        """Give up matching deliveries that are pending or dead; returns how many. What waited for them is due."""
        return await self._change(wanted, ("pending", "dead"), _DISCARD, now, only=())

    async def reconsider(self, waits_until: WaitsUntil, *, now: float) -> int:
        """Look again at what waits for the end of quiet hours: `waits_until` of the event, its notifier and the end so far (seconds)
        says when that is now, None for at once. Returns how many wait otherwise than before.
        """
        changed, after = 0, 0
        while True:
            async with self._database.writing() as transaction:
                found = (await transaction.execute(_WAITING, {"p_now": now, "p_after": after})).mappings().all()
                untils = [(row, waits_until(to_event(row), row["notifier"], row["not_before"])) for row in found]
                moved = [
                    {"p_id": row["delivery"], "p_until": until, "p_now": now}
                    for row, until in untils
                    if until != row["not_before"]
                ]
                if moved:
                    await transaction.execute(_WAIT, moved)
            changed += len(moved)
            if len(found) < BATCH:
                return changed
            after = found[-1]["delivery"]

    async def _change(
        self,
        wanted: DeliveryFilter,
        states: Sequence[DeliveryState],
        statement: Update,
        now: float,
        *,
        only: Sequence[ColumnElement[bool]],
    ) -> int:
        select_ids = (
            select(deliveries.c.id)
            .where(*delivery_conditions(wanted), deliveries.c.state.in_(states), *only)
            .where(deliveries.c.id > bindparam("p_after"))
            .order_by(deliveries.c.id)
            .limit(BATCH)
            .with_for_update()
        )
        changed, after = 0, 0
        while True:
            async with self._database.writing() as transaction:
                found = await transaction.execute(select_ids, {"p_after": after, "p_now": now})
                ids = list(found.scalars())
                for chunk in chunks(ids):
                    await transaction.execute(statement, {"p_ids": chunk, "p_now": now})
                await call_up(transaction, ids)
            changed += len(ids)
            if len(ids) < BATCH:
                return changed
            after = ids[-1]
