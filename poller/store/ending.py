"""What is told of credentials that end: kept, so that no restart and no second daemon tells it again."""

from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.validity import Ending
from poller.core.work import Told
from poller.store.codec import cleaned
from poller.store.tables import sources
from poller.store.telling import tell
from poller.store.upsert import insert_new

_TOLD: Final = select(sources.c.ends_at, sources.c.end_reason).where(
    sources.c.name == bindparam("p_name"), sources.c.ends_at.is_not(None)
)
_CHANGE: Final = (
    update(sources)
    .where(sources.c.name == bindparam("p_name"))
    .values(
        ends_at=bindparam("p_at", type_=sources.c.ends_at.type),
        end_reason=bindparam("p_reason", type_=sources.c.end_reason.type),
    )
)
_BEGIN: Final = _CHANGE.where(sources.c.ends_at.is_(None))
_END: Final = _CHANGE.where(sources.c.ends_at.is_not(None))


async def ending_of(view: AsyncConnection, source: str) -> Ending | None:
    """What was last told of the source's credential; None when it was told to last, or nothing."""
    row = (await view.execute(_TOLD, {"p_name": source})).one_or_none()
    return None if row is None else Ending(at=row.ends_at, reason=row.end_reason or "")


async def tell_ending(transaction: AsyncConnection, told: Told, source: str, ending: Ending | None) -> bool:
    """Tell that the credential ends, or (None) that it lasts again; False when that was told already."""
    await transaction.execute(insert_new(transaction, sources, ["name"]), {"name": source})
    changed = {
        "p_name": source,
        "p_at": None if ending is None else ending.at,
        "p_reason": None if ending is None else cleaned(ending.reason),
    }
    if (await transaction.execute(_END if ending is None else _BEGIN, changed)).rowcount != 1:
        return False
    await tell(transaction, [(None, told)])
    return True
