"""What is told of notifiers: kept, so that no restart and no second daemon tells it again."""

from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.work import NotifierHealth, Told
from poller.store.attended import notifiers
from poller.store.codec import cleaned
from poller.store.telling import tell
from poller.store.upsert import insert_new

_HEALTH: Final = select(notifiers.c.condition, notifiers.c.since, notifiers.c.reason).where(
    notifiers.c.name == bindparam("p_name")
)
_CHANGE: Final = (
    update(notifiers)
    .where(notifiers.c.name == bindparam("p_name"))
    .where(notifiers.c.condition.is_distinct_from(bindparam("p_condition", type_=notifiers.c.condition.type)))
    .values(
        condition=bindparam("p_condition", type_=notifiers.c.condition.type),
        since=bindparam("p_since", type_=notifiers.c.since.type),
        reason=bindparam("p_reason", type_=notifiers.c.reason.type),
    )
)


async def health_of(view: AsyncConnection, name: str) -> NotifierHealth:
    """What was last told of the notifier."""
    row = (await view.execute(_HEALTH, {"p_name": name})).one_or_none()
    return (
        NotifierHealth() if row is None else NotifierHealth(condition=row.condition, since=row.since, reason=row.reason)
    )


async def tell_of(transaction: AsyncConnection, told: Told, name: str, health: NotifierHealth) -> bool:
    """Change the health and tell it; False when it is so already."""
    new = {"name": name, "condition": None, "since": None, "reason": None}
    await transaction.execute(insert_new(transaction, notifiers, ["name"]), new)
    changed = {
        "p_name": name,
        "p_condition": health.condition,
        "p_since": health.since,
        "p_reason": cleaned(health.reason),
    }
    if (await transaction.execute(_CHANGE, changed)).rowcount != 1:
        return False
    await tell(transaction, [(None, told)])
    return True
