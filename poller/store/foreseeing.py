"""What planning and explaining need to know of a source: read-only, and few rows, however many jobs there are."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.forecast import LATE, PRIOR_RATE, Crowd, Survey
from poller.core.work import SourceHealth
from poller.store import staying, surveying
from poller.store.tables import events, sources, stays

CHANGES_OVER: Final = 3600.0  # seconds over which changes of state are counted

CHANGES: Final = select(func.count()).where(
    events.c.observed_at >= bindparam("p_since"),
    events.c.source == bindparam("p_source"),
    events.c.type == "poller.job.state_changed",
)
# One state after the other through the index: of each there may be a million stays.
NEXT_STATE: Final = select(func.min(stays.c.state)).where(
    stays.c.source == bindparam("p_source"), stays.c.state > bindparam("p_after")
)
HEALTH: Final = select(sources.c.blind_since, sources.c.reason).where(sources.c.name == bindparam("p_source"))


async def survey(view: AsyncConnection, source: str, now: float) -> Survey:
    """All of it in one view."""
    counted = await view.execute(CHANGES, {"p_source": source, "p_since": now - CHANGES_OVER})
    return Survey(
        crowds=tuple(await _crowds(view, source)),
        overdue=await surveying.overdue(view, source, now - LATE),
        changes=counted.scalar_one() / CHANGES_OVER,
        stays={state: await staying.usual_stays(view, source, state) async for state in _states_left(view, source)},
    )


async def health(view: AsyncConnection, source: str) -> SourceHealth:
    """Whether the source is told as blind."""
    row = (await view.execute(HEALTH, {"p_source": source})).one_or_none()
    return SourceHealth() if row is None else SourceHealth(blind_since=row.blind_since, reason=row.reason)


async def _states_left(view: AsyncConnection, source: str) -> AsyncIterator[str]:
    """The states that some job has left."""
    after = ""
    while True:
        found = (await view.execute(NEXT_STATE, {"p_source": source, "p_after": after})).scalar()
        if found is None:
            return
        yield found
        after = found


async def _crowds(view: AsyncConnection, source: str) -> Sequence[Crowd]:
    rows = await view.execute(surveying.GROUPS, {"p_source": source})
    return [
        Crowd(state_class=state_class, rate=PRIOR_RATE if rate is None else rate, jobs=count)
        for state_class, rate, count in rows
    ]
