"""When rows are due, after the clock was set back: what was planned by the wrong clock would wait for hours, or years."""

from typing import Final

from sqlalchemy import ColumnElement, Table, Update, bindparam, case, func, select, update

from poller.store.attended import tendings
from poller.store.database import Database
from poller.store.tables import deliveries, jobs, sources
from poller.store.turns import PENDING

NOTABLE: Final = 5.0  # seconds: a clock that is kept in time by small steps is none of our business

# What shows how far a clock was ahead: the newest answer and, where there was none, what was told of that. All of it is set right too.
NEWEST_OWED: Final = select(func.max(deliveries.c.created_at)).where(PENDING)
_NEWEST: Final = (select(func.max(jobs.c.seen_at)), NEWEST_OWED, select(func.max(sources.c.blind_since)))


def _lies_ahead(column: ColumnElement[float]) -> ColumnElement[bool]:
    return column > bindparam("p_now")


def _sooner(table: Table, name: str) -> Update:
    """What is planned is due as many seconds earlier as the clock was ahead, but not before now."""
    moved = table.c[name] - bindparam("p_ahead")
    sooner = case((moved > bindparam("p_now"), moved), else_=bindparam("p_now"))
    return update(table).where(_lies_ahead(table.c[name])).values({name: sooner})


def _now(table: Table, name: str) -> Update:
    """What has been was now at the latest."""
    return update(table).where(_lies_ahead(table.c[name])).values({name: bindparam("p_now")})


_MEND: Final = (
    _sooner(jobs, "due_at"),
    _now(jobs, "seen_at"),
    _sooner(deliveries, "next_attempt_at").where(PENDING),
    _now(deliveries, "created_at").where(PENDING),
    _now(sources, "blind_since"),
    _now(tendings, "told_at").where(tendings.c.closed_at.is_(None)),
)


class Timetable:
    """Of a SQLite database, whose rows one daemon plans. On PostgreSQL several clocks plan, and leases go by the server's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mend(self, *, now: float, set_back: float = 0.0) -> float:
        """Plan anew, by the clock of now, if what was recorded lies ahead of it, or it was seen to be `set_back` by so many seconds.

        Returns how far the clock was ahead, 0 for nothing to mend.
        """
        if not self._database.is_sqlite:
            return 0.0
        async with self._database.reading() as view:
            newest = [(await view.execute(statement)).scalar() for statement in _NEWEST]
        ahead: float = max([set_back, *(at - now for at in newest if at is not None)])
        if ahead <= NOTABLE:
            return 0.0
        async with self._database.writing() as transaction:
            for statement in _MEND:
                await transaction.execute(statement, {"p_ahead": ahead, "p_now": now})
        return ahead
