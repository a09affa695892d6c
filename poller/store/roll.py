"""The watched jobs of a source as a whole, and what was learned about them: for sweeps, discovery and planning."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Row, bindparam, or_, select, update

from poller.core.cadence import urgent_due
from poller.core.plan import PAGE
from poller.core.rotation import Group
from poller.core.vocabulary import StateClass
from poller.core.work import Met, StatePulse, StuckJob
from poller.store import staying, surveying
from poller.store.codec import clean
from poller.store.database import Database
from poller.store.enlist import Enlisting, Listed, enlist
from poller.store.leases import chosen, chunks, held, unclaimed, unheld
from poller.store.tables import columns, jobs, pulses, sources
from poller.store.upsert import add_up, insert_once

# As many parameters as a page has jobs, always: a list of any length would be written into the statement anew for every page.
_PLACES: Final = tuple(f"p_{place}" for place in range(PAGE))
MET: Final = (
    select(*columns(jobs, "id", "job_id", "state", "revision", "seen_at", "watching", "removed_by_operator"))
    .where(jobs.c.source == bindparam("p_source"))
    .where(jobs.c.job_id.in_([bindparam(place) for place in _PLACES]))
)
_HURRY: Final = (
    update(jobs)
    .where(chosen(jobs), jobs.c.watching)
    .where(or_(jobs.c.due_at.is_(None), jobs.c.due_at > bindparam("p_urgent")))  # urgent ones keep their order
    .values(due_at=bindparam("p_urgent"))
)
_PULSES: Final = select(*columns(pulses, "state", "age", "entries", "seconds")).where(
    pulses.c.source == bindparam("p_source")
)
_LEARNED: Final = (pulses, ("source", "state", "age"), ("entries", "seconds"))
_DISCOVERED: Final = Listed(origin="by_discovery", labels={}, app_user_id=None)


class Roll:
    """Each method is one short transaction; fits `engine.ports.Roll` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hurry = _HURRY.where(unheld(jobs) if database.is_sqlite else unclaimed(jobs))

    async def met(self, source: str, job_ids: Sequence[str]) -> Mapping[str, Met]:
        """Which jobs of a list page (at most 100) are known, by job id."""
        found: dict[str, Met] = {}
        async with self._database.reading() as view:
            for chunk in chunks(job_ids, PAGE):
                named = dict(zip_longest(_PLACES, chunk, fillvalue=chunk[0]))
                rows = await view.execute(MET, {"p_source": source, **named})
                found |= {row[1]: _met(row) for row in rows.all()}
        return found

    async def watched(self, source: str) -> Mapping[str, int]:
        """The keys of all jobs that are watched and not forgotten, by job id."""
        async with self._database.reading() as view:
            return await surveying.watched(view, source)

    async def hurry(self, keys: Sequence[int], *, now: float) -> None:
        """Make these jobs due before all others, also forgotten ones; paused, removed and claimed ones are left alone."""
        async with self._database.writing() as transaction:
            asked = {"p_now": now, "p_urgent": urgent_due(now), **held(self._database, jobs, now)}
            for chunk in chunks(sorted(keys)):
                await transaction.execute(self._hurry, {"p_ids": chunk, **asked})

    async def oldest(self, source: str) -> float | None:
        """The earliest upstream creation time (seconds) of a job that is watched and not forgotten; None when one is not known."""
        async with self._database.reading() as view:
            return await surveying.oldest(view, source)

    async def groups(self, source: str, every: Mapping[StateClass, float]) -> Sequence[Group]:
        """The watched jobs that are not forgotten, those alike together: same class, rates of entries within a factor of two."""
        async with self._database.reading() as view:
            return await surveying.groups(view, source, every)

    async def overdue(self, source: str, *, before: float) -> int:
        """How many watched jobs were due before this instant."""
        async with self._database.reading() as view:
            return await surveying.overdue(view, source, before)

    async def pulses(self, source: str) -> Sequence[StatePulse]:
        """What was learned about the states of this source."""
        async with self._database.reading() as view:
            rows = await view.execute(_PULSES, {"p_source": source})
            return [StatePulse(**row) for row in rows.mappings()]

    async def learn(self, source: str, pulses: Sequence[StatePulse]) -> None:
        """Add to what was learned."""
        rows = [_pulse_row(source, pulse) for pulse in sorted(pulses, key=lambda pulse: (pulse.state, pulse.age))]
        if rows:
            async with self._database.writing() as transaction:
                await transaction.execute(add_up(transaction, *_LEARNED), rows)

    async def began(self, source: str, *, now: float) -> float:
        """When this source was first watched here (seconds); now, and remembered, when it never was."""
        async with self._database.writing() as transaction:
            statement = insert_once(transaction, sources, ["name"], "watched_since").returning(sources.c.watched_since)
            began: float = (await transaction.execute(statement, {"name": source, "watched_since": now})).scalar_one()
        return began

    async def discover(self, source: str, job_ids: Sequence[str], *, now: float) -> int:
        """Watch these jobs because the upstream lists them, except those that an operator has removed; returns how many are new.

        One that is watched for another reason, or is paused, is left as it is.
        """
        enlisting = Enlisting(source=source, listed=_DISCOVERED, now=now, first_due=now, step=0.0)
        ids = list(dict.fromkeys(clean(job_id) for job_id in job_ids))
        async with self._database.writing() as transaction:
            return await enlist(transaction, enlisting, ids)

    async def stuck(self, source: str, limits: Mapping[str, float], *, now: float, limit: int) -> Sequence[StuckJob]:
        """At most `limit` watched jobs that are longer in a state than `limits` says (seconds), and were not told so in this stay.

        `limits` is by state or by class; a state's own limit counts more than that of its class. Missing jobs are in no state.
        """
        async with self._database.reading() as view:
            return await staying.stuck(view, source, limits, now=now, limit=limit)

    async def usual_stays(self, source: str, state: str) -> Sequence[float]:
        """How long jobs stayed in this state before (seconds), the newest at most 500 stays."""
        async with self._database.reading() as view:
            return await staying.usual_stays(view, source, state)


def _met(row: Row[*tuple[Any, ...]]) -> Met:
    return Met(
        key=row[0],
        job_id=row[1],
        state=row[2],
        revision=row[3],
        looked_at=row[4] is not None,
        watching=row[5],
        removed=row[6],
    )


def _pulse_row(source: str, pulse: StatePulse) -> dict[str, object]:
    return {
        "source": source,
        "state": clean(pulse.state),
        "age": pulse.age,
        "entries": pulse.entries,
        "seconds": pulse.seconds,
    }
