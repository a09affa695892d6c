"""How long jobs are in a state: those that are there too long, and how long others were."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.event import Event
from poller.core.vocabulary import CLASSES
from poller.core.work import StuckJob
from poller.store.codec import clean, strings
from poller.store.tables import columns, jobs, stays

STAYS: Final = 500  # that say how long a stay usually is
STAY: Final = ("source", "state", "seconds", "at")

_STAYING: Final = (
    select(*columns(jobs, "id", "source", "job_id", "labels", "state", "state_since", "revision"))
    .where(jobs.c.source == bindparam("p_source"), jobs.c.watching, jobs.c.stuck_since.is_(None))
    .where(jobs.c.state_since < bindparam("p_before"), ~jobs.c.missing)
    .limit(bindparam("p_limit"))
)
# The class stands before the state in the index: naming all of them makes it useful for a state alone.
STAYING_IN_STATE: Final = _STAYING.where(jobs.c.state_class.in_(CLASSES), jobs.c.state == bindparam("p_name"))
STAYING_IN_CLASS: Final = _STAYING.where(
    jobs.c.state_class == bindparam("p_name"),
    jobs.c.state.is_not(None),
    jobs.c.state.not_in(bindparam("p_others", expanding=True)),
)
USUAL: Final = (
    select(stays.c.seconds)
    .where(stays.c.source == bindparam("p_source"), stays.c.state == bindparam("p_state"))
    .order_by(stays.c.id.desc())
    .limit(STAYS)
)


def ended_stays(event: Event) -> Iterator[tuple[object, ...]]:
    """The stay that this event ends, as a row of `STAY`; none unless it is a change of state that says what was before."""
    state, seconds = event.data.get("previous_state"), event.data.get("seconds_in_previous_state")
    if event.type == "poller.job.state_changed" and isinstance(state, str) and isinstance(seconds, int | float):
        yield event.source, clean(state), seconds, event.observed_at


async def stuck(
    view: AsyncConnection, source: str, limits: Mapping[str, float], *, now: float, limit: int
) -> list[StuckJob]:
    """One look for each limit, through the index `jobs_staying`."""
    states = [name for name in limits if name not in CLASSES]
    found: list[StuckJob] = []
    for name, seconds in limits.items():
        statement: Select[*tuple[Any, ...]] = STAYING_IN_CLASS if name in CLASSES else STAYING_IN_STATE
        parameters = {"p_source": source, "p_name": name, "p_before": now - seconds, "p_limit": limit - len(found)}
        others = {"p_others": states} if name in CLASSES else {}
        rows = await view.execute(statement, parameters | others)
        found += [_stuck(row, seconds) for row in rows]
        if len(found) == limit:
            break
    return found


async def usual_stays(view: AsyncConnection, source: str, state: str) -> Sequence[float]:
    """Seconds, the newest first."""
    return (await view.execute(USUAL, {"p_source": source, "p_state": state})).scalars().all()


def _stuck(row: Row[*tuple[Any, ...]], limit: float) -> StuckJob:
    return StuckJob(
        key=row.id,
        source=row.source,
        job_id=row.job_id,
        labels=strings(row.labels),
        state=row.state,
        state_since=row.state_since,
        revision=row.revision,
        limit=limit,
    )
