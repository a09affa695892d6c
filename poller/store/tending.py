"""Who is reminded of which job, and who takes care of it: written together with what tells it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Insert, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.tending import Tending
from poller.core.work import Acknowledgement, Change, Tended
from poller.store.attended import acknowledgements, tendings
from poller.store.codec import clean, cleaned
from poller.store.leases import chunks
from poller.store.tables import jobs
from poller.store.upsert import upsert

_OF_JOB: Final = tendings.c.job == bindparam("p_job")
_THIS: Final = (_OF_JOB, tendings.c.route == bindparam("p_route"), tendings.c.closed_at.is_(None))
_STEP: Final = (
    update(tendings)
    .where(*_THIS)
    .values(
        told_at=bindparam("p_told_at"),
        reminders=bindparam("p_reminders"),
        escalated_at=bindparam("p_escalated_at", type_=tendings.c.escalated_at.type),
    )
)
CLOSE: Final = update(tendings).where(*_THIS).values(closed_at=bindparam("p_at"))
_CLOSE_ALL: Final = update(tendings).where(_OF_JOB, tendings.c.closed_at.is_(None)).values(closed_at=bindparam("p_at"))
_ACKNOWLEDGED: Final = (
    select(jobs.c.id)
    .join(acknowledgements, acknowledgements.c.job == jobs.c.id)
    .where(jobs.c.id.in_(bindparam("p_ids", expanding=True)), acknowledgements.c.state_since == jobs.c.state_since)
)


async def save_care(transaction: AsyncConnection, changes: Sequence[tuple[int, Change]]) -> None:
    """What the changes of these jobs, by key, open, go on with and close; after the jobs themselves were written."""
    steps = [(key, one) for key, change in changes for one in change.tended]
    if steps:
        await open_tendings(transaction, [(key, one) for key, one in steps if one.new])
        await _many(
            transaction, _STEP, [_stepped(key, one, one.tending) for key, one in steps if one.tending and not one.new]
        )
        await _many(transaction, CLOSE, [closing(key, one) for key, one in steps if one.tending is None])
    for key, change in changes:
        if change.acknowledged is not None:
            await _acknowledge(transaction, key, change.known.state_since, change.acknowledged)


def closing(key: int, one: Tended) -> dict[str, object]:
    """The parameters of `CLOSE`."""
    return {"p_job": key, "p_route": one.route, "p_at": one.at}


async def open_tendings(transaction: AsyncConnection, steps: Sequence[tuple[int, Tended]]) -> None:
    """Begin to tend these jobs, unless somebody has acknowledged their stay."""
    acknowledged: set[int] = set()
    for chunk in chunks(sorted({key for key, _ in steps})):
        acknowledged |= set((await transaction.execute(_ACKNOWLEDGED, {"p_ids": chunk})).scalars())
    rows = [_row(key, one) for key, one in steps if key not in acknowledged]
    await _many(transaction, _opening(transaction), rows)


def _opening(transaction: AsyncConnection) -> Insert:
    """A tending that is open stays as it is; one that was closed begins anew."""
    insert = sqlite.insert if transaction.dialect.name == "sqlite" else postgresql.insert
    statement = insert(tendings)
    anew = {column.name: statement.excluded[column.name] for column in tendings.c if not column.primary_key}
    return statement.on_conflict_do_update(
        index_elements=["job", "route"], set_=anew, where=tendings.c.closed_at.is_not(None)
    )


async def _acknowledge(transaction: AsyncConnection, key: int, state_since: float, given: Acknowledgement) -> None:
    row = {
        "job": key,
        "state_since": state_since,
        "author": clean(given.author),
        "comment": cleaned(given.comment),
        "at": given.at,
    }
    await transaction.execute(upsert(transaction, acknowledgements, ["job"]), row)
    await transaction.execute(_CLOSE_ALL, {"p_job": key, "p_at": given.at})


async def _many(transaction: AsyncConnection, statement: object, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        await transaction.execute(statement, list(rows))  # type: ignore[call-overload]  # an insert or an update


def _row(key: int, one: Tended) -> dict[str, object]:
    return {
        "job": key,
        "route": one.route,
        "opened_at": one.at,
        "told_at": one.at,
        "reminders": 0,
        "escalated_at": None,
        "closed_at": None,
    }


def _stepped(key: int, one: Tended, tending: Tending) -> dict[str, object]:
    return {
        "p_job": key,
        "p_route": one.route,
        "p_told_at": tending.told_at,
        "p_reminders": tending.reminders,
        "p_escalated_at": tending.escalated_at,
    }
