"""The request budget of a source, given out in slices to the daemons that share a PostgreSQL."""

from typing import Final

from sqlalchemy import RowMapping, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from poller.core.budget import BURST, Slice
from poller.core.throttle import Throttle, pace, throttled
from poller.store.agreeing import NOW
from poller.store.database import Database
from poller.store.tables import budgets

# A slice begins where the last one ended; what nobody took for longer than a burst is gone.
_FREE: Final = func.greatest(budgets.c.next_at, budgets.c.held_until, NOW - BURST)
_SEEN: Final = (budgets.c.too_much, budgets.c.cut_at, budgets.c.held_until, NOW.label("now"))
TAKE: Final = (
    update(budgets)
    .where(budgets.c.source == bindparam("p_source"))
    .where(func.greatest(budgets.c.next_at, budgets.c.held_until) <= NOW + bindparam("p_within"))
    .values(next_at=_FREE + bindparam("p_seconds"))
    .returning(budgets.c.next_at, *_SEEN)
)
_LOOK: Final = select(budgets.c.next_at, *_SEEN).where(budgets.c.source == bindparam("p_source"))
_HOLD: Final = (
    update(budgets)
    .where(budgets.c.source == bindparam("p_source"))
    .where(or_(budgets.c.held_until < NOW + bindparam("p_seconds")))
    .values(held_until=NOW + bindparam("p_seconds"))
)
_CUT: Final = update(budgets).where(budgets.c.source == bindparam("p_source"))


class SharedBudgets:
    """Each method is a statement or two, or one short transaction; fits `engine.ports.Budgets` by shape. Raises StoreError and its kinds.

    Turns are taken by one statement: a daemon that is stopped meanwhile keeps no other from them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, source: str, *, rate: float, pace: float, requests: int, within: float) -> Slice:
        """Leave to send `requests` requests, `pace` a second, of a source whose rate is `rate`, beginning within so many seconds.

        An empty slice says after how many seconds to ask again.
        """
        asked = {"p_source": source, "p_within": within, "p_seconds": requests / pace}
        async with self._database.writing(single=True) as connection:
            row = (await connection.execute(TAKE, asked)).mappings().one_or_none()
            if row is not None:
                first = row["next_at"] - requests / pace - row["now"]
                return Slice(first=first, requests=requests, step=1.0 / pace, pace=_pace(row, rate))
            row = (await connection.execute(_LOOK, {"p_source": source})).mappings().one_or_none()
            if row is None:
                new = insert(budgets).values(source=source, next_at=NOW, held_until=0.0, cut_at=0.0)
                await connection.execute(new.on_conflict_do_nothing(index_elements=["source"]))
                return Slice(first=0.0, requests=0, step=1.0 / pace, pace=rate)
        wait = max(row["next_at"], row["held_until"]) - row["now"] - within
        return Slice(first=max(0.0, wait), requests=0, step=1.0 / pace, pace=_pace(row, rate))

    async def slow_down(self, source: str, *, rate: float, seconds: float) -> float:
        """The upstream said "too many requests": slower for all, and nobody's turn for so many seconds; returns the new pace."""
        async with self._database.writing() as transaction:
            locked = _LOOK.with_for_update()
            row = (await transaction.execute(locked, {"p_source": source})).mappings().one_or_none()
            if row is None:
                return rate
            cut = throttled(_throttle(row, rate), row["now"])
            values = {"too_much": cut.limit, "cut_at": cut.cut_at}
            await transaction.execute(_CUT.values(values), {"p_source": source})
            if seconds:
                await transaction.execute(_HOLD, {"p_source": source, "p_seconds": seconds})
            return pace(cut, row["now"])

    async def hold(self, source: str, *, seconds: float) -> None:
        """Nobody's turn for so many seconds."""
        async with self._database.writing(single=True) as connection:
            await connection.execute(_HOLD, {"p_source": source, "p_seconds": seconds})


def _throttle(row: RowMapping, rate: float) -> Throttle:
    return Throttle(rate=rate, limit=row["too_much"], cut_at=row["cut_at"])


def _pace(row: RowMapping, rate: float) -> float:
    return pace(_throttle(row, rate), row["now"])
