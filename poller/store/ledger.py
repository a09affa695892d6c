"""Jobs, what is known of them, and their events: what the engine's pollers use."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.job import Known
from poller.core.validity import Ending
from poller.core.vocabulary import StateClass
from poller.core.work import Change, Due, NotifierHealth, Poll, SourceHealth, Told
from poller.store.claiming import Claim, claiming, claiming_early, early, next_due
from poller.store.codec import cleaned
from poller.store.database import Database
from poller.store.ending import ending_of, tell_ending
from poller.store.leases import chosen, chunks, each_chunk, held, release
from poller.store.recording import lock_changed, save_changes, save_remark, save_unchanged
from poller.store.rows import KNOWN_COLUMNS, STANDING_COLUMNS, to_due, to_known
from poller.store.standing import tell_of
from poller.store.tables import columns, jobs, known, sources
from poller.store.telling import tell
from poller.store.upsert import insert_new, upsert

_KNOWN: Final = (
    select(*columns(jobs, *STANDING_COLUMNS), *columns(known, *KNOWN_COLUMNS))
    .select_from(jobs.outerjoin(known))
    .where(chosen(jobs))
)
_LONGEST_DUE: Final = attrgetter("due_at", "key")
_HEALTH: Final = select(sources.c.blind_since, sources.c.reason).where(sources.c.name == bindparam("p_name"))


class Ledger:
    """Each method is one short transaction; fits `engine.ports.Ledger` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = database.identity
        self._claim = claiming(self._me)
        self._claim_early = claiming_early(self._me)
        self._next_due = next_due(self._me)
        self._release = release(jobs, self._me)

    async def claim(self, source: str, *, now: float, until: float, limit: int) -> Sequence[Due]:
        """Lease up to `limit` due jobs until `until`, longest due first. A lease that runs out frees the job again."""
        return await self._lease(self._claim, now, until, {"p_source": source, "p_now": now, "p_limit": limit})

    async def claim_early(
        self, source: str, *, rest: Mapping[StateClass, float], now: float, until: float, limit: int
    ) -> Sequence[Due]:
        """Lease up to `limit` jobs that are not due yet, those first that are due first; of many it may find fewer than there are.

        Only jobs whose last poll brought an answer, `rest` seconds of their class ago or longer.
        """
        asked = early(source, rest=rest, now=now, limit=limit)
        return await self._lease(self._claim_early, now, until, asked)

    async def release(self, keys: Sequence[int]) -> None:
        """Give claimed jobs back unpolled."""
        # Also on SQLite, where no row changes: that shows that the database takes part.
        async with self._database.writing() as transaction:
            await each_chunk(transaction, self._release, keys)
        self._database.held.drop(jobs.name, keys)

    async def next_due(self, source: str) -> float | None:
        """When the next job of the source is due, claimed ones left out; None when there is none."""
        async with self._database.reading(single=True) as view:
            return (await view.execute(self._next_due, {"p_source": source, **held(self._database, jobs)})).scalar()

    async def known(self, keys: Sequence[int]) -> Mapping[int, Known]:
        """What is known of these jobs."""
        found: dict[int, Known] = {}
        async with self._database.reading(single=True) as view:
            for chunk in chunks(keys):
                rows = (
                    await view.execute(_KNOWN, {"p_ids": chunk})
                ).all()  # at once: one by one costs more than to read it
                found |= {row[0]: to_known(row) for row in rows}
        return found

    async def record(self, polls: Sequence[Poll]) -> Sequence[int]:
        """Snapshots, events, deliveries and next due times in ONE transaction; ends the leases of what it records.

        A poll counts only while the job still has the revision it was claimed with, and the claim is still this daemon's: somebody
        else may have recorded, or claimed it, meanwhile. Returns the keys whose poll was refused for that reason. Nothing here
        touches `watching`, so that a job which was paused or removed during its poll stays so.
        """
        owner = None if self._me is None else self._me.id
        async with self._database.writing() as transaction:
            late = await save_unchanged(transaction, [poll for poll in polls if poll.change is None], owner)
            moved = [poll for poll in polls if poll.change is not None]
            changed, refused = await lock_changed(transaction, moved, owner)
            await save_changes(transaction, changed)
        refused += late
        self._database.held.drop(jobs.name, {poll.key for poll in polls if poll.claimed}.difference(refused))
        return refused

    async def remark(self, key: int, revision: int, change: Change) -> bool:
        """Record a change that no poll brought; False when the revision had moved. Lease and due time stay as they are."""
        async with self._database.writing() as transaction:
            return await save_remark(transaction, key, revision, change)

    async def health(self, source: str) -> SourceHealth:
        """What was last recorded of the source."""
        async with self._database.reading() as view:
            row = (await view.execute(_HEALTH, {"p_name": source})).one_or_none()
        return SourceHealth() if row is None else SourceHealth(blind_since=row.blind_since, reason=row.reason)

    async def announce_notifier(self, told: Told, name: str, health: NotifierHealth) -> bool:
        """Record an event about a notifier with its health; False, and nothing recorded, when it is in that condition already."""
        async with self._database.writing() as transaction:
            return await tell_of(transaction, told, name, health)

    async def ending(self, source: str) -> Ending | None:
        """What was last told of the source's credential; None when it was told to last, or nothing."""
        async with self._database.reading() as view:
            return await ending_of(view, source)

    async def announce_ending(self, told: Told, *, source: str, ending: Ending | None) -> bool:
        """Record the event that a credential ends, or (None) lasts again; False, and nothing recorded, when that was told already."""
        async with self._database.writing() as transaction:
            return await tell_ending(transaction, told, source, ending)

    async def announce(self, told: Told, *, source: str | None = None, health: SourceHealth | None = None) -> None:
        """Record an event without a job, with its deliveries and, for a source, its health. A known event id changes nothing.

        Neither does the news that a source is blind, or is not, when another daemon was the first to tell it.
        """
        async with self._database.writing() as transaction:
            shared = self._me is not None and source is not None and health is not None
            if shared and not await _is_news(transaction, source, health):
                return
            new = await tell(transaction, [(None, told)])
            if new and source is not None and health is not None:
                row = {"name": source, "blind_since": health.blind_since, "reason": cleaned(health.reason)}
                await transaction.execute(upsert(transaction, sources, ["name"], list(row)), row)

    async def _lease(self, claim: Claim, now: float, until: float, asked: Mapping[str, object]) -> Sequence[Due]:
        async with self._database.writing(
            single=True
        ) as transaction:  # also where nothing is written: one claim after the other
            asked = {**asked, **held(self._database, jobs, now), "p_until": until}
            rows = (await transaction.execute(claim, asked)).all()
            self._database.held.take(jobs.name, [row.id for row in rows], until)
        return sorted(map(to_due, rows), key=_LONGEST_DUE)


async def _is_news(transaction: AsyncConnection, source: str | None, health: SourceHealth | None) -> bool:
    """Whether the source is told otherwise so far; what others would tell waits for the end of this transaction."""
    await transaction.execute(insert_new(transaction, sources, ["name"]), {"name": source})
    told = (await transaction.execute(_HEALTH.with_for_update(), {"p_name": source})).one()
    return (told.blind_since is None) != (health is None or health.blind_since is None)
