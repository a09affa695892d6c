"""When rows are due, after the clock was set back: what was planned by the wrong clock would wait for hours, or years."""

from typing import Final

from sqlalchemy import ColumnElement, Table, bindparam, case, func, select, update

from poller.store.database import Database
from poller.store.tables import deliveries, jobs
from poller.store.turns import PENDING

NOTABLE: Final = 5.0  # seconds: a clock that is kept in time by small steps is none of our business

_NEWEST: Final = select(func.max(jobs.c.seen_at))


def _earlier(column: ColumnElement[float]) -> ColumnElement[float]:
    """So many seconds earlier, but not before now."""
    moved = column - bindparam("p_ahead")
    return case((moved > bindparam("p_now"), moved), else_=bindparam("p_now"))


def _planned(table: Table, name: str) -> ColumnElement[bool]:
    return table.c[name] > bindparam("p_now")


_MEND: Final = (
    update(jobs).where(_planned(jobs, "due_at")).values(due_at=_earlier(jobs.c.due_at)),
    update(jobs).where(_planned(jobs, "seen_at")).values(seen_at=bindparam("p_now")),
    update(deliveries)
    .where(PENDING, _planned(deliveries, "next_attempt_at"))
    .values(next_attempt_at=_earlier(deliveries.c.next_attempt_at)),
)


class Timetable:
    """Of a SQLite database, whose rows one daemon plans. On PostgreSQL several clocks plan, and leases go by the server's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mend(self, *, now: float) -> float:
        """Plan anew, by the clock of now, if the newest poll lies ahead of it; returns how far it did, 0 for nothing to mend."""
        if not self._database.is_sqlite:
            return 0.0
        async with self._database.reading() as view:
            newest = (await view.execute(_NEWEST)).scalar()
        ahead = 0.0 if newest is None else newest - now
        if ahead <= NOTABLE:
            return 0.0
        async with self._database.writing() as transaction:
            for statement in _MEND:
                await transaction.execute(statement, {"p_ahead": ahead, "p_now": now})
        return ahead
