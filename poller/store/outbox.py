"""Deliveries: what the engine's dispatchers use. Which one may be tried next is in `turns`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select, update

from poller.core.delivery import Delivery
from poller.core.work import Owed
from poller.store.codec import cleaned
from poller.store.database import Database
from poller.store.leases import chosen, chunks, each_chunk, release
from poller.store.rows import to_delivery, to_event
from poller.store.tables import columns, deliveries, events
from poller.store.turns import PENDING, call_up, take_turns

_OWED: Final = (
    select(
        *columns(deliveries, "id", "notifier", "state", "attempts", "next_attempt_at", "last_error", "settled_at"),
        events.c.id.label("event_id"),
        *columns(events, "type", "transition", "source", "subject", "job", "sequence", "time", "observed_at", "data"),
    )
    .select_from(deliveries.join(events))
    .where(chosen(deliveries))
)
NEXT_ATTEMPT: Final = (
    select(deliveries.c.next_attempt_at)
    .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING, deliveries.c.claimed_until.is_(None))
    .order_by(deliveries.c.next_attempt_at)
    .limit(1)
)
_SETTLE: Final = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("p_id"), PENDING)
    .values(
        state=bindparam("p_state"),
        attempts=bindparam("p_attempts"),
        next_attempt_at=bindparam("p_next"),
        last_error=bindparam("p_error"),
        settled_at=bindparam("p_settled_at"),
        claimed_until=None,
    )
)


class Outbox:
    """Each method is one short transaction; fits `engine.ports.Outbox` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, notifier: str, *, now: float, until: float, limit: int, ordered: bool) -> Sequence[Owed]:
        """Lease up to `limit` deliveries that are to be tried now, none of which has to wait for an earlier one of its job.

        `ordered`: an earlier one that is pending is waited for; else only one that was never tried.
        """
        owed: dict[int, Owed] = {}
        async with self._database.writing() as transaction:
            ids = await take_turns(transaction, notifier, now=now, until=until, limit=limit, ordered=ordered)
            for chunk in chunks(ids):
                rows = (await transaction.execute(_OWED, {"p_ids": chunk})).mappings()
                owed |= {row["id"]: Owed(delivery=to_delivery(row), event=to_event(row)) for row in rows}
        return [owed[id_] for id_ in ids]

    async def release(self, ids: Sequence[int]) -> None:
        """Give claimed deliveries back untried."""
        async with self._database.writing() as transaction:
            await each_chunk(transaction, release(deliveries), ids)

    async def next_attempt(self, notifier: str) -> float | None:
        """When the next unclaimed delivery may be tried; None when there is none."""
        async with self._database.reading() as view:
            return (await view.execute(NEXT_ATTEMPT, {"p_notifier": notifier})).scalar()

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Save the deliveries after their attempts; ends the leases. One that is no longer pending stays as it is."""
        if not deliveries:
            return
        ended = sorted(deliveries, key=lambda delivery: delivery.id)
        async with self._database.writing() as transaction:
            await transaction.execute(_SETTLE, [_settled(delivery) for delivery in ended])
            await call_up(transaction, [delivery.id for delivery in ended])


def _settled(delivery: Delivery) -> dict[str, object]:
    return {
        "p_id": delivery.id,
        "p_state": delivery.state,
        "p_attempts": delivery.attempts,
        "p_next": delivery.next_attempt_at,
        "p_error": cleaned(delivery.last_error),
        "p_settled_at": delivery.settled_at,
    }
