"""Owing an event to the fallback of a notifier as well, once."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Insert, Integer, Text, bindparam, cast, exists, literal_column, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.delivery import Delivery
from poller.core.work import Fallback
from poller.store.leases import chunks
from poller.store.tables import deliveries, events
from poller.store.turns import PENDING

_OTHER: Final = deliveries.alias("other")
_FALLBACK: Final = cast(bindparam("p_fallback"), Text)
# An event about the fallback is never told through it; a test is meant for the one notifier.
_MEANT: Final = or_(~events.c.type.startswith("poller.notifier."), events.c.subject != _FALLBACK) & (
    events.c.type != "poller.test"
)
_OWED: Final = (
    select(
        deliveries.c.event,
        _FALLBACK,
        literal_column("''", Text),
        deliveries.c.job,
        deliveries.c.sequence,
        literal_column("'pending'", Text),
        literal_column("0", Integer),
        events.c.observed_at,
        events.c.observed_at,
    )
    .select_from(deliveries.join(events))
    .where(deliveries.c.id.in_(bindparam("p_ids", expanding=True)), _MEANT)
    .where(deliveries.c.state.in_(("pending", "dead")))  # what an operator has given up meanwhile is given up
    .where(~exists().where(_OTHER.c.event == deliveries.c.event, _OTHER.c.notifier == _FALLBACK))
    .order_by(deliveries.c.id)
)
_NAMES: Final = (
    *("event", "notifier", "recipient", "job", "sequence", "state", "attempts"),
    *("next_attempt_at", "created_at"),
)
WAITING: Final = (
    select(deliveries.c.id)
    .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING)
    .where(deliveries.c.id > bindparam("p_after"), deliveries.c.created_at <= bindparam("p_before"))
    .order_by(deliveries.c.id)
    .limit(bindparam("p_limit"))
)


def is_due(delivery: Delivery, fallback: Fallback) -> bool:
    """Whether a delivery after its attempt is one for the fallback."""
    return delivery.state == "dead" or (delivery.state == "pending" and delivery.attempts >= fallback.after)


async def owe(transaction: AsyncConnection, fallback: Fallback, ids: Sequence[int]) -> None:
    """Owe the fallback the events of these deliveries, at once, unless they are or were owed to it."""
    for chunk in chunks(ids):
        asked = {"p_fallback": fallback.notifier, "p_ids": chunk}
        await transaction.execute(_owing(transaction), asked)


def _owing(transaction: AsyncConnection) -> Insert:
    insert = sqlite.insert if transaction.dialect.name == "sqlite" else postgresql.insert
    return insert(deliveries).from_select(_NAMES, _OWED).on_conflict_do_nothing()
