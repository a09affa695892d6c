"""The statements that lease jobs to be polled: those that are due, and, of a budget that is short and has something left, others."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import CTE, and_, bindparam, case, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from poller.core.vocabulary import CLASSES, StateClass
from poller.store.agreeing import Identity
from poller.store.leases import signed, unclaimed
from poller.store.rows import DUE_COLUMNS
from poller.store.tables import columns, jobs

Claim: TypeAlias = ReturningUpdate[*tuple[Any, ...]]

# However many may not be polled early, no more than the next few are looked at: what is asked so often has to stay cheap.
LOOKED_AT: Final = 4  # times as many as are wanted, and ...
AND_MORE: Final = 60

_FREE: Final = and_(jobs.c.source == bindparam("p_source"), jobs.c.watching, unclaimed(jobs))
_DUE: Final = (
    select(jobs.c.id)
    .where(_FREE, jobs.c.due_at <= bindparam("p_now"))
    .order_by(jobs.c.due_at)
    .limit(bindparam("p_limit"))
    .with_for_update(skip_locked=True)  # left out on SQLite, which has one writer
    .cte("due")
)
_NEXT: Final = (
    select(jobs.c.id, jobs.c.due_at)
    .where(_FREE, jobs.c.due_at > bindparam("p_now"))
    .order_by(jobs.c.due_at)
    .limit(bindparam("p_window"))
    .cte("due_next")
)
_RESTED: Final = jobs.c.seen_at <= case(
    {name: bindparam(f"p_{name}", type_=jobs.c.seen_at.type) for name in CLASSES}, value=jobs.c.state_class
)
_EARLY: Final = (
    select(jobs.c.id)
    .join_from(_NEXT, jobs, jobs.c.id == _NEXT.c.id)
    # Whoever failed, is missing, or was put off until an instant, waits for it.
    .where(unclaimed(jobs), _RESTED, jobs.c.last_error.is_(None))
    .order_by(_NEXT.c.due_at)
    .limit(bindparam("p_limit"))
    .with_for_update(skip_locked=True, of=jobs)
    .cte("due_early")
)


def claiming(identity: Identity | None) -> Claim:
    """The statement that leases due jobs; signed where several daemons share the database."""
    return _leasing(_DUE, identity)


def claiming_early(identity: Identity | None) -> Claim:
    """The statement that leases jobs that are not due yet; its parameters are those of `early`."""
    return _leasing(_EARLY, identity)


def early(source: str, *, rest: Mapping[StateClass, float], now: float, limit: int) -> dict[str, object]:
    """The parameters of `claiming_early`: `rest` is how long ago, by class, the last answer has to be, in seconds."""
    rested = {f"p_{name}": now - rest[name] for name in CLASSES}
    return {"p_source": source, "p_now": now, "p_limit": limit, "p_window": LOOKED_AT * limit + AND_MORE, **rested}


def _leasing(chosen: CTE, identity: Identity | None) -> Claim:
    leasing = update(jobs).where(jobs.c.id.in_(select(chosen.c.id))).returning(*columns(jobs, *DUE_COLUMNS))
    return leasing.values({"claimed_until": bindparam("p_until")} if identity is None else signed(identity))
