"""Which deliveries are told together. What was collected gets its bundle before anything of it is sent, and keeps it: whatever
crashes, each attempt tells the same events. What was alone in its window is marked as such.

A window follows from the rows: it opens with the first delivery of a recipient (and job, or batch) that is in no bundle and was
never tried. A delivery that is looked at while its window is open is put off to its end, so it is looked at once.
"""

from collections.abc import Sequence, Set
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Row, Select, bindparam, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.bundling import LARGEST, Shared, Window, bundle_id
from poller.store.leases import chosen, chunks, each_chunk, unclaimed
from poller.store.tables import columns, deliveries, events, jobs
from poller.store.turns import BY_ITSELF, OWED_FROM, PENDING, STEPS, Queue, put_off

LOOKED_AT: Final = 1000  # deliveries that came newly, in one step
CLOSED: Final = 4 * LARGEST  # deliveries that are bundled in one step
ALONE: Final = "poller.test"  # the type of event that somebody sits and waits for

Key: TypeAlias = tuple[str, object]  # recipient, and what its deliveries share besides
_Rows: TypeAlias = Sequence[Row[*tuple[Any, ...]]]

_LOOSE: Final = (
    deliveries.c.notifier == bindparam("p_notifier"),
    deliveries.c.recipient.in_(bindparam("p_recipients", expanding=True)),
    PENDING,
    deliveries.c.bundle.is_(None),
    deliveries.c.attempts == 0,
    unclaimed(deliveries),
    bindparam("p_now") >= OWED_FROM,  # what waits for the end of quiet hours is not collected before
)
_WITH_RECIPIENT: Final = deliveries.c.recipient != literal_column("''")  # as the partial index spells it
_NOTHING: Final[ColumnElement[Any]] = literal_column("''")
_BATCH: Final[ColumnElement[Any]] = func.coalesce(jobs.c.batch_name, _NOTHING)
_SHARED: Final[dict[Shared, ColumnElement[Any]]] = {
    "job": deliveries.c.job,
    "recipient": _NOTHING,
    "batch_name": _BATCH,
}
_NAME: Final = update(deliveries).where(deliveries.c.id == bindparam("p_id")).values(bundle=bindparam("p_bundle"))
_SET_APART: Final = update(deliveries).where(chosen(deliveries)).values(bundle=BY_ITSELF)
_EVENT_IDS: Final = select(events.c.position, events.c.id).where(
    events.c.position.in_(bindparam("p_positions", expanding=True))
)


def _rows(shared: Shared, *named: ColumnElement[Any], joined: FromClause) -> Select[*tuple[Any, ...]]:
    if shared == "batch_name":
        joined = joined.outerjoin(jobs, jobs.c.id == deliveries.c.job)
    key = (deliveries.c.recipient, _SHARED[shared].label("shared"))
    return select(*named, *key).select_from(joined).where(*_LOOSE)


def _narrowed(statement: Select[*tuple[Any, ...]], shared: Shared) -> Select[*tuple[Any, ...]]:
    """Only windows that were looked into; through an index that holds little else."""
    if shared != "job":
        statement = statement.where(_WITH_RECIPIENT)
    return statement.where(_SHARED[shared].in_(bindparam("p_shared", expanding=True)))


def newly(shared: Shared) -> Select[*tuple[Any, ...]]:
    """Deliveries that were not looked at, or whose window is over; `alone` are those that are told by themselves and at once."""
    by_job = shared == "job"
    alone = deliveries.c.job.is_(None) if by_job else events.c.type == ALONE
    joined = deliveries if by_job else deliveries.join(events)
    return (
        _rows(shared, deliveries.c.id, alone.label("alone"), joined=joined)
        .where(deliveries.c.next_attempt_at <= bindparam("p_now"))
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(LOOKED_AT)
    )


def opened(shared: Shared) -> Select[*tuple[Any, ...]]:
    """Since when each window is open."""
    statement = _rows(shared, func.min(OWED_FROM).label("owed_from"), joined=deliveries)
    return _narrowed(statement, shared).group_by(deliveries.c.recipient, literal_column("shared"))


def collected(shared: Shared) -> Select[*tuple[Any, ...]]:
    """All in the windows, in the order in which they were recorded."""
    statement = _rows(shared, *columns(deliveries, "id", "event"), OWED_FROM.label("owed_from"), joined=deliveries)
    return _narrowed(statement, shared).order_by(deliveries.c.id).limit(CLOSED).with_for_update(of=deliveries)


_NEWLY: Final = {shared: newly(shared) for shared in _SHARED}
_OPENED: Final = {shared: opened(shared) for shared in _SHARED}
_COLLECTED: Final = {shared: collected(shared) for shared in _SHARED}


async def collect(transaction: AsyncConnection, queue: Queue, window: Window, *, now: float) -> None:
    """Make bundles of what lies in windows that are over at `now`; all else is looked at again when its window is."""
    for _ in range(STEPS):
        rows = (await transaction.execute(_NEWLY[window.shared], _asked(queue, now))).all()
        await each_chunk(transaction, _SET_APART, [row.id for row in rows if row.alone])
        rest = [row for row in rows if not row.alone]
        if rest:
            await _close(transaction, queue, window, rest, now)
        if len(rows) < LOOKED_AT:
            return


async def _close(transaction: AsyncConnection, queue: Queue, window: Window, rows: _Rows, now: float) -> None:
    # All that one job owes is little: it is read at once. What a recipient is owed in all may be much.
    looking = _COLLECTED if window.shared == "job" else _OPENED
    found = await _in_windows(transaction, queue, looking[window.shared], {_key(row) for row in rows}, now)
    ends = {key: min(row.owed_from for row in lying) + window.seconds for key, lying in found.items()}
    over = {key for key, end in ends.items() if end <= now}
    await put_off(transaction, [(row.id, ends[_key(row)]) for row in rows if _key(row) not in over])
    if looking is not _COLLECTED:
        found = await _in_windows(transaction, queue, _COLLECTED[window.shared], over, now)
    await _bundle(transaction, [part for key in over for part in chunks(found.get(key, []), LARGEST)])


async def _in_windows(
    transaction: AsyncConnection, queue: Queue, statement: Select[*tuple[Any, ...]], keys: Set[Key], now: float
) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {key: [] for key in keys}
    for chunk in chunks(list(dict.fromkeys(shared for _, shared in keys))):
        for row in await transaction.execute(statement, {**_asked(queue, now), "p_shared": chunk}):
            if _key(row) in found:
                found[_key(row)].append(row)
    return found


async def _bundle(transaction: AsyncConnection, parts: Sequence[_Rows]) -> None:
    await each_chunk(transaction, _SET_APART, [part[0].id for part in parts if len(part) == 1])
    several = [part for part in parts if len(part) > 1]
    names: dict[int, str] = {}
    for chunk in chunks([row.event for part in several for row in part]):
        names |= {row.position: row.id for row in await transaction.execute(_EVENT_IDS, {"p_positions": chunk})}
    named = [(part, bundle_id([names[row.event] for row in part])) for part in several]
    rows = [{"p_id": row.id, "p_bundle": name} for part, name in named for row in part]
    if rows:
        await transaction.execute(_NAME, rows)


def _asked(queue: Queue, now: float) -> dict[str, object]:
    return {"p_notifier": queue.notifier, "p_recipients": queue.recipients, "p_now": now}


def _key(row: Row[*tuple[Any, ...]]) -> Key:
    return (row.recipient, row.shared)
