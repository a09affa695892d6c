"""The statements that claim jobs to be polled: those that are due, and, of a budget that is short and has something left, others.

On PostgreSQL a claim is an UPDATE, believed by the rows that it returns. On SQLite it is a SELECT: there is one daemon, and it
remembers what it holds (`store.held`). A lease in the file would be void at the next start, and cost as much as to record the poll.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import CTE, ColumnElement, Select, bindparam, case, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from poller.core.vocabulary import CLASSES, StateClass
from poller.store.agreeing import Identity
from poller.store.leases import signed, unclaimed, unheld
from poller.store.rows import DUE_COLUMNS
from poller.store.tables import columns, jobs

Claim: TypeAlias = Select[*tuple[Any, ...]] | ReturningUpdate[*tuple[Any, ...]]

# However many may not be polled early, no more than the next few are looked at: what is asked so often has to stay cheap.
LOOKED_AT: Final = 4  # times as many as are wanted, and ...
AND_MORE: Final = 60

_CLAIMED: Final = columns(jobs, *DUE_COLUMNS)
_RESTED: Final = jobs.c.seen_at <= case(
    {name: bindparam(f"p_{name}", type_=jobs.c.seen_at.type) for name in CLASSES}, value=jobs.c.state_class
)


def claiming(identity: Identity | None) -> Claim:
    """The statement that claims due jobs: `p_limit` of those of `p_source` at `p_now`."""
    if identity is None:
        return _due(unheld(jobs), *_CLAIMED)
    return _leasing(_due(unclaimed(jobs), jobs.c.id).with_for_update(skip_locked=True).cte("due"), identity)


def claiming_early(identity: Identity | None) -> Claim:
    """The statement that claims jobs that are not due yet; its parameters are those of `early`."""
    if identity is None:
        return _early(unheld(jobs), *_CLAIMED)
    chosen = _early(unclaimed(jobs), jobs.c.id).with_for_update(skip_locked=True, of=jobs)
    return _leasing(chosen.cte("due_early"), identity)


def next_due(identity: Identity | None) -> Select[float | None]:
    """The statement that finds when the next job of `p_source` is due, claimed ones left out."""
    free = unheld(jobs) if identity is None else jobs.c.claimed_until.is_(None)
    statement = select(jobs.c.due_at).where(jobs.c.source == bindparam("p_source"), jobs.c.watching, free)
    return statement.where(jobs.c.due_at.is_not(None)).order_by(jobs.c.due_at).limit(1)


def early(source: str, *, rest: Mapping[StateClass, float], now: float, limit: int) -> dict[str, object]:
    """The parameters of `claiming_early`: `rest` is how long ago, by class, the last answer has to be, in seconds."""
    rested = {f"p_{name}": now - rest[name] for name in CLASSES}
    return {"p_source": source, "p_now": now, "p_limit": limit, "p_window": LOOKED_AT * limit + AND_MORE, **rested}


def _due(free: ColumnElement[bool], *chosen: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    due = jobs.c.due_at <= bindparam("p_now")
    statement = select(*chosen).where(jobs.c.source == bindparam("p_source"), jobs.c.watching, free, due)
    return statement.order_by(jobs.c.due_at).limit(bindparam("p_limit"))


def _early(free: ColumnElement[bool], *chosen: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    due_next = (
        select(jobs.c.id, jobs.c.due_at)
        .where(jobs.c.source == bindparam("p_source"), jobs.c.watching, free, jobs.c.due_at > bindparam("p_now"))
        .order_by(jobs.c.due_at)
        .limit(bindparam("p_window"))
        .cte("due_next")
    )
    return (
        select(*chosen)
        .join_from(due_next, jobs, jobs.c.id == due_next.c.id)
        # Whoever failed, is missing, or was put off until an instant, waits for it.
        .where(free, _RESTED, jobs.c.last_error.is_(None))
        .order_by(due_next.c.due_at)
        .limit(bindparam("p_limit"))
    )


def _leasing(chosen: CTE, identity: Identity) -> Claim:
    leased = update(jobs).where(jobs.c.id.in_(select(chosen.c.id))).returning(*_CLAIMED)
    return leased.values(signed(identity))
