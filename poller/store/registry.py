"""Which jobs are watched, and why: what operators and the configuration file do to the list."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import RowMapping, bindparam, select, update

from poller.core.cadence import urgent_due
from poller.errors import NotFound, UsageError
from poller.store.codec import clean
from poller.store.database import Database
from poller.store.enlist import ORIGIN_COLUMNS, Enlisting, Listed, enlist, is_watched, unlist
from poller.store.leases import chunks
from poller.store.tables import jobs

BATCH: Final = 1000  # jobs in one transaction, so that polling goes on while 100,000 are added

_FILED: Final = select(jobs.c.job_id).where(jobs.c.source == bindparam("p_source"), jobs.c.by_file)
_ONE: Final = (
    select(jobs).where(jobs.c.source == bindparam("p_source"), jobs.c.job_id == bindparam("p_job_id")).with_for_update()
)


class Registry:
    """Each method may be called again after a failure: what it did already it finds done. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        source: str,
        job_ids: Sequence[str],
        *,
        now: float,
        labels: Mapping[str, str] | None = None,
        app_user_id: str | None = None,
        spread: float = 0.0,
    ) -> int:
        """Watch these jobs at an operator's request; returns how many of them were not watched before.

        New ones are first due evenly over `spread` seconds from `now` on. Labels are added to those a job has. One that was removed
        is watched again and goes on with its history; one that was forgotten is polled again.
        """
        listed = Listed(origin="by_request", labels=labels or {}, app_user_id=app_user_id)
        return await self._enlist(source, job_ids, listed, now=now, spread=spread)

    async def sync_file(self, source: str, job_ids: Sequence[str], *, now: float, spread: float = 0.0) -> int:
        """Watch exactly these jobs because of the configuration file; returns how many of them were not watched before.

        Those that have left the file are polled no more unless they were added otherwise, and keep their history. The file has the
        last word: a job that is in it and was removed by an operator is watched again.
        """
        listed = Listed(origin="by_file", labels={}, app_user_id=None)
        async with self._database.reading() as view:
            filed = set((await view.execute(_FILED, {"p_source": source})).scalars())
        wanted = [clean(job_id) for job_id in job_ids]
        for batch in chunks(sorted(filed.difference(wanted)), BATCH):
            async with self._database.writing() as transaction:
                await unlist(transaction, source, batch, now)
        missing = [job_id for job_id in wanted if job_id not in filed]
        return await self._enlist(source, missing, listed, now=now, spread=spread)

    async def remove(self, source: str, job_id: str, *, now: float) -> None:
        """Watch the job no more; its history stays, and discovery leaves it alone. Raises NotFound."""
        gone: dict[str, object] = {"paused": False, "removed_at": now, "removed_by_operator": True}
        await self._change(source, job_id, gone | dict.fromkeys(ORIGIN_COLUMNS, False))

    async def pause(self, source: str, job_id: str) -> None:
        """Stop polling the job until it is resumed. Raises NotFound, also for a job that was removed."""
        await self._change(source, job_id, {"paused": True}, _require_present)

    async def resume(self, source: str, job_id: str) -> None:
        """Poll a paused job again, when its due time says. Raises NotFound, also for a job that was removed."""
        await self._change(source, job_id, {"paused": False}, _require_present)

    async def poll_now(self, source: str, job_id: str, *, now: float) -> None:
        """Make the job due before all others, also one that was forgotten. Raises NotFound, and UsageError for a paused job."""
        await self._change(source, job_id, {"due_at": urgent_due(now)}, _require_unpaused)

    async def _enlist(self, source: str, job_ids: Sequence[str], listed: Listed, *, now: float, spread: float) -> int:
        ids = list(dict.fromkeys(clean(job_id) for job_id in job_ids))
        step = spread / len(ids) if ids else 0.0
        added = 0
        for at, batch in enumerate(chunks(ids, BATCH)):
            enlisting = Enlisting(source=source, listed=listed, now=now, first_due=now + at * BATCH * step, step=step)
            async with self._database.writing() as transaction:
                added += await enlist(transaction, enlisting, batch)
        return added

    async def _change(
        self, source: str, job_id: str, values: Mapping[str, object], check: Callable[[RowMapping], None] | None = None
    ) -> None:
        async with self._database.writing() as transaction:
            found = await transaction.execute(_ONE, {"p_source": source, "p_job_id": job_id})
            row = found.mappings().one_or_none()
            if row is None:
                raise NotFound(f"no job {job_id} of source {source} is known; `poller jobs add` adds it")
            if check is not None:
                check(row)
            after = {**row, **values}
            after["watching"] = is_watched(after)
            changed = {name: value for name, value in after.items() if value != row[name]}
            if changed:
                await transaction.execute(update(jobs).where(jobs.c.id == row["id"]).values(changed))


def _require_present(row: RowMapping) -> None:
    if row["removed_at"] is not None:
        raise NotFound(
            f"job {row['job_id']} of source {row['source']} is not watched any more; `poller jobs add` adds it again"
        )


def _require_unpaused(row: RowMapping) -> None:
    _require_present(row)
    if row["paused"]:
        raise UsageError(f"job {row['job_id']} of source {row['source']} is paused; `poller jobs resume` it first")
