"""Whose turn it is: the order in which a notifier is told about one job, kept without looking at the whole queue.

The rule is in `_WAITS_UNTIL`, which looks for an earlier delivery of the same job. What it finds waiting is put off to when the one
it waits for is tried again, so that thousands of waiting deliveries behind one failing receiver are not looked at again and again;
when that one's attempt has ended, the next of the job is called up. Times of waiting rows are thus hints: one that is wrong costs
time, never the order.

Each recipient of a notifier has an order of its own. A bundle takes its turn as a whole: when none of its deliveries has to wait.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.store.agreeing import Identity
from poller.store.leases import chosen, chunks, each_chunk, signed, unclaimed
from poller.store.many import execute_many
from poller.store.tables import columns, deliveries

PENDING: Final = deliveries.c.state == literal_column("'pending'")  # as the partial indexes spell it
BY_ITSELF: Final = ""  # in the place of a bundle: its window is over, and nothing else was in it
BUNDLED: Final = deliveries.c.bundle.is_not(None)
WINDOW_CAP: Final = 1000  # rows looked at in one step
STEPS: Final = 4  # steps of one claim; what is left is for the next
MOST_ROWS: Final = 2000  # deliveries of one claim, those of bundles included: about what may be in the memory at once

Bundle: TypeAlias = tuple[str, str]  # recipient and bundle


class Looked(NamedTuple):
    """A row that was looked at, as `_looked_at` selects it. `waits_until` is null when its turn has come."""

    id: int
    recipient: str
    bundle: str | None
    attempts: int
    next_attempt_at: float
    waits_until: float | None


Unit: TypeAlias = Sequence[Looked]  # what is told by one attempt: a single row, or a bundle with all of its rows

_earlier = deliveries.alias("earlier")
_is_of_another_bundle = _earlier.c.bundle.is_distinct_from(deliveries.c.bundle)
_later = deliveries.alias("later")
_done = deliveries.alias("done")


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What a notifier works on: what it owes to its `recipients`.

    `ordered`: an earlier delivery of the job that is pending is waited for; else only one that was never tried. `collecting`: what
    is in no bundle yet is not to be tried.
    """

    notifier: str
    recipients: Sequence[str]
    ordered: bool
    collecting: bool


def _waits_until(*blocks: ColumnElement[bool]) -> ColumnElement[float | None]:
    """When the first earlier delivery of the job is tried, or its lease ends; null when there is none."""
    leased = _earlier.c.claimed_until > _earlier.c.next_attempt_at
    return (
        select(case((leased, _earlier.c.claimed_until), else_=_earlier.c.next_attempt_at))
        .where(_earlier.c.notifier == deliveries.c.notifier, _earlier.c.recipient == deliveries.c.recipient)
        .where(_earlier.c.job == deliveries.c.job, _earlier.c.sequence < deliveries.c.sequence)
        .where(_earlier.c.state == literal_column("'pending'"), *blocks)
        .where(or_(func.coalesce(deliveries.c.bundle, BY_ITSELF) == BY_ITSELF, _is_of_another_bundle))
        .order_by(_earlier.c.sequence)
        .limit(1)
        .scalar_subquery()
    )


def _looked_at(*blocks: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Rows of a notifier with what they wait for."""
    named = columns(deliveries, *Looked._fields[:-1])
    return (
        select(*named, _waits_until(*blocks).label(Looked._fields[-1]))
        .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING, unclaimed(deliveries))
        .where(deliveries.c.recipient.in_(bindparam("p_recipients", expanding=True)))
    )


def _window(*blocks: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        _looked_at(*blocks)
        .where(deliveries.c.next_attempt_at <= bindparam("p_now"))
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(bindparam("p_limit"))
        .with_for_update(skip_locked=True, of=deliveries)  # left out on SQLite, which has one writer
    )


def _members(*blocks: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """All rows of some bundles, whenever they are due, in the order in which they were recorded."""
    bundles = deliveries.c.bundle.in_(bindparam("p_bundles", expanding=True))
    return _looked_at(*blocks).where(BUNDLED, bundles).order_by(deliveries.c.id).with_for_update(of=deliveries)


WINDOW_ORDERED: Final = _window()
WINDOW_FIRST_TRIES: Final = _window(_earlier.c.attempts == 0)
MEMBERS_ORDERED: Final = _members()
MEMBERS_FIRST_TRIES: Final = _members(_earlier.c.attempts == 0)
_TAKE: Final = update(deliveries).where(chosen(deliveries))
_PUT_OFF: Final = (
    update(deliveries).where(deliveries.c.id == bindparam("p_id")).values(next_attempt_at=bindparam("p_next"))
)
OWED_FROM: Final = func.coalesce(deliveries.c.not_before, deliveries.c.created_at)  # a wait for quiet hours stays one
_next_of_job = (
    select(_later.c.id)
    .where(_later.c.notifier == _done.c.notifier, _later.c.recipient == _done.c.recipient)
    .where(_later.c.job == _done.c.job, _later.c.sequence > _done.c.sequence)
    .where(_later.c.state == literal_column("'pending'"), _later.c.attempts == 0)
    .order_by(_later.c.sequence)
    .limit(1)
    .correlate(_done)
    .scalar_subquery()
)
CALL_UP: Final = (
    update(deliveries)
    .where(deliveries.c.id.in_(select(_next_of_job).where(chosen(_done))))
    .where(and_(PENDING, deliveries.c.attempts == 0, deliveries.c.next_attempt_at > OWED_FROM))
    .values(next_attempt_at=OWED_FROM)
)
_LOOK_ANEW: Final = (
    update(deliveries)
    .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING, deliveries.c.attempts == 0)
    .where(deliveries.c.bundle.is_(None), deliveries.c.next_attempt_at > bindparam("p_now"))
    .values(next_attempt_at=OWED_FROM)
)


def taking(identity: Identity | None) -> Update:
    """The statement that leases the deliveries `p_ids` until `p_until`; signed where several daemons share the database."""
    return _TAKE.values({"claimed_until": bindparam("p_until")} if identity is None else signed(identity))


async def take_turns(
    transaction: AsyncConnection, queue: Queue, take: Update, *, now: float, until: float, limit: int
) -> list[list[int]]:
    """Lease up to `limit` deliveries and bundles whose turn it is, in the order in which they became due; `take` is of `taking`.

    Returns their ids, one list for what is told together.
    """
    statement = WINDOW_ORDERED if queue.ordered else WINDOW_FIRST_TRIES
    taken: list[list[int]] = []
    window = 2 * limit + 8
    for _ in range(STEPS):
        window = min(window, WINDOW_CAP)
        parameters = {"p_notifier": queue.notifier, "p_recipients": queue.recipients, "p_now": now, "p_limit": window}
        rows = [Looked(*row) for row in await transaction.execute(statement, parameters)]
        units = [(unit, _wait(unit)) for unit in await _units(transaction, queue, rows, now)]
        free = _bounded([unit for unit, wait in units if wait is None], limit - len(taken))
        for chunk in chunks([row.id for unit in free for row in unit]):
            await transaction.execute(take, {"p_until": until, "p_ids": chunk})
        taken += [[row.id for row in unit] for unit in free]
        later = [
            (row.id, wait) for unit, wait in units if wait is not None for row in unit if wait > row.next_attempt_at
        ]
        await put_off(transaction, later)
        full = len(taken) == limit or sum(map(len, taken)) >= MOST_ROWS
        if full or len(rows) < window or not (free or later):
            break
        window *= 4
    return taken


async def call_up(transaction: AsyncConnection, ids: Sequence[int]) -> None:
    """The attempts `ids` have ended: the next delivery of each of their jobs that was never tried is due again."""
    await each_chunk(transaction, CALL_UP, ids)


async def look_anew(transaction: AsyncConnection, notifier: str, *, now: float) -> None:
    """Forget until when deliveries that were never tried were put off: windows have other ends than they had."""
    await transaction.execute(_LOOK_ANEW, {"p_notifier": notifier, "p_now": now})


async def put_off(transaction: AsyncConnection, times: Iterable[tuple[int, float]]) -> None:
    """Look at these deliveries again at these times (seconds)."""
    rows = list(times)
    if rows:
        await execute_many(transaction, _PUT_OFF, ("p_id", "p_next"), rows)


async def _units(transaction: AsyncConnection, queue: Queue, rows: Unit, now: float) -> list[Unit]:
    """What is told by one attempt each: single rows, and bundles with all their rows."""
    bundles = list(dict.fromkeys((row.recipient, row.bundle) for row in rows if row.bundle))
    members = await _bundle_members(transaction, queue, bundles, now) if bundles else {}
    units: list[Unit] = []
    for row in rows:
        if row.bundle:
            units += [unit for unit in [members.pop((row.recipient, row.bundle), None)] if unit]
        elif row.attempts or row.bundle == BY_ITSELF or not queue.collecting:
            units.append((row,))
    return units


async def _bundle_members(
    transaction: AsyncConnection, queue: Queue, bundles: Sequence[Bundle], now: float
) -> dict[Bundle, list[Looked]]:
    statement = MEMBERS_ORDERED if queue.ordered else MEMBERS_FIRST_TRIES
    members: dict[Bundle, list[Looked]] = {bundle: [] for bundle in bundles}
    for chunk in chunks(sorted({bundle for _, bundle in bundles})):
        asked = {"p_notifier": queue.notifier, "p_recipients": queue.recipients, "p_now": now, "p_bundles": chunk}
        for row in map(Looked._make, await transaction.execute(statement, asked)):
            if row.bundle and (row.recipient, row.bundle) in members:
                members[row.recipient, row.bundle].append(row)
    return members


def _bounded(units: Sequence[Unit], limit: int) -> list[Unit]:
    """At most `limit` units, and no more rows than fit, but one unit in any case."""
    chosen_units: list[Unit] = []
    rows = 0
    for unit in units[:limit]:
        if chosen_units and rows + len(unit) > MOST_ROWS:
            break
        chosen_units.append(unit)
        rows += len(unit)
    return chosen_units


def _wait(unit: Unit) -> float | None:
    """Until when a unit has to wait for earlier deliveries; None when it has not."""
    return max([row.waits_until for row in unit if row.waits_until is not None], default=None)
