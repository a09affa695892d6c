"""Deliveries: what the engine's dispatchers use. Which one may be tried next is in `turns`, which ones together in `collecting`."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.bundling import Window
from poller.core.delivery import Delivery
from poller.core.work import Fallback, NotifierHealth, Owed
from poller.store.addressing import NOBODY, address
from poller.store.codec import cleaned
from poller.store.collecting import collect
from poller.store.database import Database
from poller.store.fallback import WAITING, is_due, owe
from poller.store.leases import chosen, chunks, each_chunk, release
from poller.store.many import Row, execute_many
from poller.store.rows import OWED_COLUMNS, TOLD_COLUMNS, to_owed
from poller.store.standing import health_of
from poller.store.tables import columns, deliveries, events
from poller.store.turns import PENDING, Queue, call_up, look_anew, take_turns, taking

_OWED: Final = (
    select(*columns(deliveries, *OWED_COLUMNS), *columns(events, *TOLD_COLUMNS))
    .select_from(deliveries.join(events))
    .where(chosen(deliveries))
)
NEXT_ATTEMPT: Final = (
    select(deliveries.c.next_attempt_at)
    .where(deliveries.c.notifier == bindparam("p_notifier"), PENDING, deliveries.c.claimed_until.is_(None))
    .where(deliveries.c.recipient.in_(bindparam("p_recipients", expanding=True)))
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
        claimed_until=null(),
        owner=null(),
    )
)
_SETTLED: Final = ("p_id", "p_state", "p_attempts", "p_next", "p_error", "p_settled_at")
COLLECT_LOCK: Final = 702_130  # the first half of an advisory lock; the second is the notifier
_LOCK: Final = text(f"SELECT pg_advisory_xact_lock({COLLECT_LOCK}, hashtext(:notifier))")


_NOT_YET: Final = Window(shared="job", seconds=-1.0)


class Outbox:
    """Each method is one short transaction; fits `engine.owing.Outbox` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._windows: dict[str, Window | None] = {}  # those of the last claims: another one makes other ends
        self._me = database.identity
        self._take = taking(self._me)
        self._release = release(deliveries, self._me)
        # A daemon that was paused must not settle what another one has in hand now: that one will say what became of it.
        self._settle = _SETTLE if self._me is None else _SETTLE.where(deliveries.c.owner == self._me.id)

    async def claim(
        self,
        notifier: str,
        *,
        now: float,
        until: float,
        limit: int,
        ordered: bool,
        recipients: Sequence[str] = NOBODY,
        window: Window | None = None,
    ) -> Sequence[Owed]:
        """Lease up to `limit` deliveries that are to be tried now, none of which has to wait for an earlier one of its job.

        `ordered`: an earlier one that is pending is waited for; else only one that was never tried. What is owed to somebody else
        than `recipients` is left alone. With a `window` deliveries are collected, and tried together when it is over; a bundle
        counts as one.
        """
        queue = Queue(notifier=notifier, recipients=recipients, ordered=ordered, collecting=window is not None)
        async with self._database.writing() as transaction:
            if recipients != NOBODY:
                await address(transaction, notifier, recipients)
            if self._windows.get(notifier, _NOT_YET) != window:
                await look_anew(transaction, notifier, now=now)
            if window is not None:
                await _alone(transaction, notifier)
                await collect(transaction, queue, window, now=now)
            turns = await take_turns(transaction, queue, self._take, now=now, until=until, limit=limit)
            owed: dict[int, Any] = {}
            for chunk in chunks([id_ for turn in turns for id_ in turn]):
                owed |= {row[0]: row for row in await transaction.execute(_OWED, {"p_ids": chunk})}
        self._windows[notifier] = window
        if self._me is not None:
            self._database.held.take(deliveries.name, owed, until)
        return [to_owed([owed[id_] for id_ in turn]) for turn in turns]

    async def release(self, ids: Sequence[int]) -> None:
        """Give claimed deliveries back untried."""
        async with self._database.writing() as transaction:
            await each_chunk(transaction, self._release, ids)
        self._forget(ids)

    async def next_attempt(self, notifier: str, *, recipients: Sequence[str] = NOBODY) -> float | None:
        """When the next unclaimed delivery may be tried; None when there is none."""
        async with self._database.reading(single=True) as view:
            asked = {"p_notifier": notifier, "p_recipients": [*NOBODY, *recipients]}  # and what is not addressed yet
            return (await view.execute(NEXT_ATTEMPT, asked)).scalar()

    async def health(self, notifier: str) -> NotifierHealth:
        """What was last told of the notifier."""
        async with self._database.reading() as view:
            return await health_of(view, notifier)

    async def hand_over(
        self, notifier: str, fallback: Fallback, *, before: float, after: int, limit: int
    ) -> Sequence[int]:
        """Owe the fallback as well what is pending since `before` (seconds), behind the id `after`; returns what was looked at."""
        asked = {"p_notifier": notifier, "p_before": before, "p_after": after, "p_limit": limit}
        async with self._database.writing() as transaction:
            ids = list((await transaction.execute(WAITING, asked)).scalars())
            await owe(transaction, fallback, ids)
        return ids

    async def settle(self, deliveries: Sequence[Delivery], *, fallback: Fallback | None = None) -> None:
        """Save the deliveries after their attempts; ends the leases.

        One that is no longer pending stays as it is, and so does one that another daemon has claimed meanwhile. What
        has failed often enough, or is dead, is owed to the `fallback` as well, in the same transaction.
        """
        if not deliveries:
            return
        ended = sorted(deliveries, key=lambda delivery: delivery.id)
        async with self._database.writing() as transaction:
            await execute_many(transaction, self._settle, _SETTLED, list(map(_settled, ended)))
            await call_up(transaction, [delivery.id for delivery in ended])
            if fallback is not None:
                await owe(transaction, fallback, [one.id for one in ended if is_due(one, fallback)])
        self._forget([delivery.id for delivery in ended])

    def _forget(self, ids: Sequence[int]) -> None:
        if self._me is not None:
            self._database.held.drop(deliveries.name, ids)


async def _alone(transaction: AsyncConnection, notifier: str) -> None:
    """Two daemons that close one window at once would each make a bundle of a part: on PostgreSQL they take turns."""
    if transaction.dialect.name == "postgresql":
        await transaction.execute(_LOCK, {"notifier": notifier})


def _settled(delivery: Delivery) -> Row:
    """The values of `_SETTLED`."""
    return (
        delivery.id,
        delivery.state,
        delivery.attempts,
        delivery.next_attempt_at,
        cleaned(delivery.last_error),
        delivery.settled_at,
    )
