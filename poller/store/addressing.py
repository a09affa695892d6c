"""From a delivery to a notifier to one for each of its recipients.

An event is recorded as owed to the notifier, whatever its kind. A notifier that has recipients makes one delivery for each of them
before it tries any: from then on each has its own attempts and its own end. A recipient that leaves the configuration later
leaves what it is owed pending, as a notifier does.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, bindparam, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.store.leases import chosen, chunks
from poller.store.tables import columns, deliveries
from poller.store.turns import PENDING
from poller.store.upsert import insert_new

NOBODY: Final = ("",)  # what a notifier without recipients has in their place
AT_ONCE: Final = 1000  # deliveries in one claim; the rest in the next

UNADDRESSED: Final = (
    select(
        *columns(
            deliveries, "id", "event", "notifier", "job", "sequence", "next_attempt_at", "created_at", "not_before"
        )
    )
    .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING)
    .where(deliveries.c.recipient == literal_column("''"))
    .order_by(deliveries.c.id)
    .limit(AT_ONCE)
    .with_for_update()
)
_ADDRESS: Final = (
    update(deliveries)
    .where(chosen(deliveries))
    .values(recipient=bindparam("p_recipient"), attempts=0, bundle=None, claimed_until=None)
)


async def address(transaction: AsyncConnection, notifier: str, recipients: Sequence[str]) -> None:
    """Give what `notifier` is owed to its `recipients`, the earliest first."""
    rows = (await transaction.execute(UNADDRESSED, {"p_notifier": notifier})).mappings().all()
    first, *others = recipients
    for chunk in chunks([row["id"] for row in rows]):
        await transaction.execute(_ADDRESS, {"p_ids": chunk, "p_recipient": first})
    copies = [_copy(row, recipient) for row in rows for recipient in others]
    if copies:
        await transaction.execute(insert_new(transaction, deliveries, ["event", "notifier", "recipient"]), copies)


def _copy(row: RowMapping, recipient: str) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != "id"}
    return {**kept, "recipient": recipient, "state": "pending", "attempts": 0}
