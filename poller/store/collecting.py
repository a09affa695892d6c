"""Which deliveries are told together. What was collected gets its bundle before anything of it is sent, and keeps it: whatever
crashes, each attempt tells the same events.

A window follows from the rows: it opens with the first delivery of a recipient (and job, or batch) that is in no bundle and was
never tried. A delivery that is looked at while its window is open is put off to its end, so it is looked at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Row, Select, bindparam, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.bundling import LARGEST, Shared, Window, bundle_id
from poller.store.leases import chunks, unclaimed
from poller.store.tables import deliveries, events, jobs
from poller.store.turns import OWED_FROM, PENDING, STEPS, Queue, put_off

LOOKED_AT: Final = 1000  # deliveries that came newly, in one step
CLOSED: Final = 4 * LARGEST  # deliveries that are bundled in one step
ALONE: Final = "poller.test"  # the type of event that somebody sits and waits for

Key: TypeAlias = tuple[str, object]  # recipient, and what its deliveries share besides

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
_WITH_EVENT: Final = deliveries.join(events)
_NOTHING: Final[ColumnElement[Any]] = literal_column("''")
_BATCH: Final[ColumnElement[Any]] = func.coalesce(jobs.c.batch_name, _NOTHING)
_SHARED: Final[dict[Shared, ColumnElement[Any]]] = {
    "job": deliveries.c.job,
    "recipient": _NOTHING,
    "batch_name": _BATCH,
}
_NAME: Final = update(deliveries).where(deliveries.c.id == bindparam("p_id")).values(bundle=bindparam("p_bundle"))


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
    """Deliveries that were not looked at, or whose window is over."""
    named = (deliveries.c.id, deliveries.c.job, events.c.id.label("event_id"), events.c.type)
    return (
        _rows(shared, *named, joined=_WITH_EVENT)
        .where(deliveries.c.next_attempt_at <= bindparam("p_now"))
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(LOOKED_AT)
    )


def opened(shared: Shared) -> Select[*tuple[Any, ...]]:
    """Since when each window is open."""
    statement = _rows(shared, func.min(OWED_FROM).label("opened_at"), joined=deliveries)
    return _narrowed(statement, shared).group_by(deliveries.c.recipient, literal_column("shared"))


def collected(shared: Shared) -> Select[*tuple[Any, ...]]:
    """All in the windows, in the order in which they were recorded."""
    statement = _rows(shared, deliveries.c.id, events.c.id.label("event_id"), joined=_WITH_EVENT)
    return _narrowed(statement, shared).order_by(deliveries.c.id).limit(CLOSED).with_for_update(of=deliveries)


_NEWLY: Final = {shared: newly(shared) for shared in _SHARED}
_OPENED: Final = {shared: opened(shared) for shared in _SHARED}
_COLLECTED: Final = {shared: collected(shared) for shared in _SHARED}


async def collect(transaction: AsyncConnection, queue: Queue, window: Window, *, now: float) -> None:
    """Make bundles of what lies in windows that are over at `now`; all else is looked at again when its window is."""
    for _ in range(STEPS):
        rows = (await transaction.execute(_NEWLY[window.shared], _asked(queue, now))).all()
        alone = [row for row in rows if row.type == ALONE or (window.shared == "job" and row.job is None)]
        await _name(transaction, [(row.id, row.event_id) for row in alone])
        rest = [row for row in rows if row not in alone] if alone else rows
        if rest:
            await _close(transaction, queue, window, rest, now)
        if len(rows) < LOOKED_AT:
            return


async def _close(
    transaction: AsyncConnection, queue: Queue, window: Window, rows: Sequence[Row[*tuple[Any, ...]]], now: float
) -> None:
    ends = await _ends(transaction, queue, window, rows, now)
    over = {key for key, end in ends.items() if end <= now}
    still = [(row.id, ends[_key(row)]) for row in rows if _key(row) not in over]
    await put_off(transaction, still)
    bundles: dict[Key, list[tuple[int, str]]] = defaultdict(list)
    for chunk in chunks(_values(over)):
        asked = {**_asked(queue, now), "p_shared": chunk}
        for row in await transaction.execute(_COLLECTED[window.shared], asked):
            if _key(row) in over:
                bundles[_key(row)].append((row.id, row.event_id))
    await _name(transaction, [named for collected in bundles.values() for named in _named(collected)])


async def _ends(
    transaction: AsyncConnection, queue: Queue, window: Window, rows: Sequence[Row[*tuple[Any, ...]]], now: float
) -> dict[Key, float]:
    """When the window of each row is over."""
    ends: dict[Key, float] = {}
    for chunk in chunks(_values({_key(row) for row in rows})):
        asked = {**_asked(queue, now), "p_shared": chunk}
        for row in await transaction.execute(_OPENED[window.shared], asked):
            ends[_key(row)] = row.opened_at + window.seconds
    return ends


def _named(collected: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Each delivery with the name of its bundle."""
    for part in chunks(collected, LARGEST):
        name = bundle_id([event_id for _, event_id in part])
        yield from ((id_, name) for id_, _ in part)


async def _name(transaction: AsyncConnection, named: Sequence[tuple[int, str]]) -> None:
    if named:
        await transaction.execute(_NAME, [{"p_id": id_, "p_bundle": bundle} for id_, bundle in named])


def _asked(queue: Queue, now: float) -> dict[str, object]:
    return {"p_notifier": queue.notifier, "p_recipients": queue.recipients, "p_now": now}


def _key(row: Row[*tuple[Any, ...]]) -> Key:
    return (row.recipient, row.shared)


def _values(keys: Iterable[Key]) -> list[Any]:
    return list(dict.fromkeys(shared for _, shared in keys))
