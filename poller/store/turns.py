"""Whose turn it is: the order in which a notifier is told about one job, kept without looking at the whole queue.

The rule is in `_WAITS_UNTIL`, which looks for an earlier delivery of the same job. What it finds waiting is put off to when the one
it waits for is tried again, so that thousands of waiting deliveries behind one failing receiver are not looked at again and again;
when that one's attempt has ended, the next of the job is called up. Times of waiting rows are thus hints: one that is wrong costs
time, never the order.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.store.leases import chosen, each_chunk, unclaimed
from poller.store.tables import deliveries

PENDING: Final = deliveries.c.state == literal_column("'pending'")  # as the partial indexes spell it
WINDOW_CAP: Final = 1000  # rows looked at in one step
STEPS: Final = 4  # steps of one claim; what is left is for the next

_earlier = deliveries.alias("earlier")
_later = deliveries.alias("later")
_done = deliveries.alias("done")


def _waits_until(*blocks: ColumnElement[bool]) -> ColumnElement[float | None]:
    """When the first earlier delivery of the job is tried, or its lease ends; null when there is none."""
    leased = _earlier.c.claimed_until > _earlier.c.next_attempt_at
    return (
        select(case((leased, _earlier.c.claimed_until), else_=_earlier.c.next_attempt_at))
        .where(_earlier.c.notifier == deliveries.c.notifier, _earlier.c.job == deliveries.c.job)
        .where(_earlier.c.sequence < deliveries.c.sequence, _earlier.c.state == literal_column("'pending'"), *blocks)
        .order_by(_earlier.c.sequence)
        .limit(1)
        .scalar_subquery()
    )


def _window(*blocks: ColumnElement[bool]) -> Select[tuple[int, float, float | None]]:
    return (
        select(deliveries.c.id, deliveries.c.next_attempt_at, _waits_until(*blocks).label("waits_until"))
        .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING)
        .where(deliveries.c.next_attempt_at <= bindparam("p_now"), unclaimed(deliveries))
        .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
        .limit(bindparam("p_limit"))
        .with_for_update(skip_locked=True, of=deliveries)  # left out on SQLite, which has one writer
    )


WINDOW_ORDERED: Final = _window()
WINDOW_FIRST_TRIES: Final = _window(_earlier.c.attempts == 0)
_TAKE: Final = update(deliveries).where(chosen(deliveries)).values(claimed_until=bindparam("p_until"))
_PUT_OFF: Final = (
    update(deliveries).where(deliveries.c.id == bindparam("p_id")).values(next_attempt_at=bindparam("p_next"))
)
_next_of_job = (
    select(_later.c.id)
    .where(_later.c.notifier == _done.c.notifier, _later.c.job == _done.c.job)
    .where(_later.c.sequence > _done.c.sequence, _later.c.state == literal_column("'pending'"), _later.c.attempts == 0)
    .order_by(_later.c.sequence)
    .limit(1)
    .correlate(_done)
    .scalar_subquery()
)
CALL_UP: Final = (
    update(deliveries)
    .where(deliveries.c.id.in_(select(_next_of_job).where(_done.c.id.in_(bindparam("p_ids", expanding=True)))))
    .where(and_(PENDING, deliveries.c.attempts == 0, deliveries.c.next_attempt_at > deliveries.c.created_at))
    .values(next_attempt_at=deliveries.c.created_at)
)


async def take_turns(
    transaction: AsyncConnection, notifier: str, *, now: float, until: float, limit: int, ordered: bool
) -> list[int]:
    """Lease up to `limit` deliveries whose turn it is, in the order in which they became due; returns their ids."""
    statement = WINDOW_ORDERED if ordered else WINDOW_FIRST_TRIES
    taken: list[int] = []
    window = 2 * limit + 8
    for _ in range(STEPS):
        window = min(window, WINDOW_CAP)
        parameters = {"p_notifier": notifier, "p_now": now, "p_limit": window}
        rows = (await transaction.execute(statement, parameters)).all()
        free = [row.id for row in rows if row.waits_until is None][: limit - len(taken)]
        if free:
            await transaction.execute(_TAKE, {"p_until": until, "p_ids": free})
        taken += free
        later = [
            {"p_id": row.id, "p_next": row.waits_until}
            for row in rows
            if _is_early(row.next_attempt_at, row.waits_until)
        ]
        if later:
            await transaction.execute(_PUT_OFF, later)
        if len(taken) == limit or len(rows) < window or not (free or later):
            break
        window *= 4
    return taken


async def call_up(transaction: AsyncConnection, ids: Sequence[int]) -> None:
    """The attempts `ids` have ended: the next delivery of each of their jobs that was never tried is due again."""
    await each_chunk(transaction, CALL_UP, ids)


def _is_early(next_attempt_at: float, waits_until: float | None) -> bool:
    return waits_until is not None and waits_until > next_attempt_at
