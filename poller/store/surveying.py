"""The watched jobs of a source as a whole: statements that see all of them, through the index `jobs_due` where they only count."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.cadence import URGENCY
from poller.core.rotation import PRIOR_ENTRIES, PRIOR_SECONDS, Group
from poller.core.vocabulary import StateClass
from poller.store.tables import jobs

_MIDDLE: Final = math.sqrt(0.5)  # of two powers of two, as `math.frexp` sees them
PAGE: Final = 5000  # jobs read at a time, so that the event loop gets its turn
_OF_SOURCE: Final = (jobs.c.source == bindparam("p_source"), jobs.c.watching)
_POLLED: Final = (*_OF_SOURCE, jobs.c.due_at.is_not(None))  # forgotten ones are not

# In the order of the table: through an index on the source, each of 100,000 rows would be looked for at a place of its own.
WATCHED: Final = (
    select(jobs.c.job_id, jobs.c.id)
    .where(jobs.c.source.concat("") == bindparam("p_source"), jobs.c.watching, jobs.c.due_at.is_not(None))
    .where(jobs.c.id > bindparam("p_after"))
    .order_by(jobs.c.id)
    .limit(PAGE)
)
OLDEST: Final = select(func.min(jobs.c.created_at), func.count() - func.count(jobs.c.created_at)).where(*_POLLED)
GROUPS: Final = (
    select(jobs.c.state_class, jobs.c.entry_rate, func.count())
    .where(*_POLLED)
    .group_by(jobs.c.entry_rate, jobs.c.state_class)
)
# An urgent job is due since it was made so (`core.cadence`): one that was made so after this instant was not due before it.
OVERDUE: Final = select(func.count()).where(
    *_OF_SOURCE,
    or_(
        jobs.c.due_at < bindparam("p_urgent"),
        and_(jobs.c.due_at < bindparam("p_before"), jobs.c.due_at >= bindparam("p_ordinary")),
    ),
)


def alike(rate: float) -> float | None:
    """One rate for all within the same power of two: its geometric middle. None for what is no rate."""
    return math.ldexp(_MIDDLE, math.frexp(rate)[1]) if 0.0 < rate < math.inf else None


async def watched(view: AsyncConnection, source: str) -> dict[str, int]:
    """Keys by job id."""
    found: dict[str, int] = {}
    after = 0
    while True:
        rows = (await view.execute(WATCHED, {"p_source": source, "p_after": after})).all()
        found |= {job_id: key for job_id, key in rows}
        if len(rows) < PAGE:
            return found
        after = rows[-1].id


async def oldest(view: AsyncConnection, source: str) -> float | None:
    """None when there is a job whose creation time is not known, or no job."""
    earliest, without = (await view.execute(OLDEST, {"p_source": source})).one()
    return None if without else earliest


async def groups(view: AsyncConnection, source: str, every: Mapping[StateClass, float]) -> Sequence[Group]:
    """A job that was never watched long enough to have a rate of its own has the prior one."""
    rows = await view.execute(GROUPS, {"p_source": source})
    prior = PRIOR_ENTRIES / PRIOR_SECONDS
    return [
        Group(jobs=count, every=every[state_class], rate=prior if rate is None else rate)
        for state_class, rate, count in rows
    ]


async def overdue(view: AsyncConnection, source: str, before: float) -> int:
    """Those that are being polled just now count as well."""
    instants = {"p_before": before, "p_urgent": before - URGENCY, "p_ordinary": before - URGENCY / 2}
    return (await view.execute(OVERDUE, {"p_source": source, **instants})).scalar_one()
