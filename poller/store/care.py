"""Which jobs wait for somebody: what the engine's tender looks for."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, or_, select

from poller.core.event import Event
from poller.core.tending import Tending, TendingPlan
from poller.core.work import Tended, TendedJob, WatchedJob
from poller.errors import NotFound
from poller.store.attended import tendings
from poller.store.codec import strings
from poller.store.database import Database
from poller.store.picking import EVENT_COLUMNS
from poller.store.rows import to_event
from poller.store.tables import columns, events, jobs
from poller.store.tending import CLOSE, closing, open_tendings

_JOB: Final = columns(jobs, "id", "source", "job_id", "labels", "state", "state_class", "state_since", "revision")
_WATCHED: Final = (*_JOB, jobs.c.missing, jobs.c.removed_at)
_TELLING_STATES: Final = ("poller.job.state_changed", "poller.job.watched")
_NEVER: Final = -1.0  # seconds: before this instant nothing was told

DUE: Final = (
    select(*_WATCHED, *columns(tendings, "route", "opened_at", "told_at", "reminders", "escalated_at"))
    .join(tendings, tendings.c.job == jobs.c.id)
    .where(tendings.c.route == bindparam("p_route"), tendings.c.closed_at.is_(None))
    .where(jobs.c.source == bindparam("p_source"))
    .where(
        or_(
            tendings.c.told_at <= bindparam("p_reminded_before"),
            tendings.c.escalated_at.is_(None) & (tendings.c.opened_at <= bindparam("p_escalated_before")),
        )
    )
    .order_by(tendings.c.told_at)
    .limit(bindparam("p_limit"))
)
_ONE: Final = select(*_WATCHED).where(jobs.c.source == bindparam("p_source"), jobs.c.job_id == bindparam("p_job_id"))
_LAST_TOLD: Final = (
    select(func.max(events.c.position))
    .where(events.c.job == jobs.c.id, events.c.type.in_(_TELLING_STATES))
    .correlate(jobs)
    .scalar_subquery()
)
UNTENDED: Final = (
    select(jobs.c.id.label("key"), *columns(jobs, "state", "state_class"), *EVENT_COLUMNS)
    .join(events, events.c.position == _LAST_TOLD)
    .outerjoin(tendings, (tendings.c.job == jobs.c.id) & (tendings.c.route == bindparam("p_route")))
    .where(jobs.c.source == bindparam("p_source"), jobs.c.watching, jobs.c.id > bindparam("p_after"))
    .where(tendings.c.job.is_(None))
    .order_by(jobs.c.id)
    .limit(bindparam("p_limit"))
)
_OPEN_ROUTES: Final = select(tendings.c.route, tendings.c.escalated_at).where(
    tendings.c.job == bindparam("p_job"), tendings.c.closed_at.is_(None)
)


class Care:
    """Each method is one short transaction; fits `engine.caring.Care` by shape. Raises StoreError and its kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, source: str, route: str, plan: TendingPlan, *, now: float, limit: int) -> Sequence[TendedJob]:
        """At most `limit` jobs of which a step is due."""
        asked = {
            "p_source": source,
            "p_route": route,
            "p_reminded_before": _NEVER if plan.remind_every is None else now - plan.remind_every,
            "p_escalated_before": _NEVER if plan.escalate_after is None else now - plan.escalate_after,
            "p_limit": limit,
        }
        async with self._database.reading() as view:
            return [_to_tended(row) for row in await view.execute(DUE, asked)]

    async def untended(
        self, source: str, route: str, *, after: int, limit: int
    ) -> Sequence[tuple[int, str | None, str, Event]]:
        """Watched jobs that this route never tended, behind the key `after`: key, state, class, and the event that told the state."""
        asked = {"p_source": source, "p_route": route, "p_after": after, "p_limit": limit}
        async with self._database.reading() as view:
            rows = (await view.execute(UNTENDED, asked)).mappings().all()
        return [(row["key"], row["state"], row["state_class"], to_event(row)) for row in rows]

    async def open(self, steps: Sequence[tuple[int, Tended]]) -> None:
        """Begin to tend these jobs, by key."""
        async with self._database.writing() as transaction:
            await open_tendings(transaction, steps)

    async def close(self, steps: Sequence[tuple[int, Tended]]) -> None:
        """Stop tending these jobs, by key."""
        if steps:
            async with self._database.writing() as transaction:
                await transaction.execute(CLOSE, [closing(key, one) for key, one in steps])

    async def job(self, source: str, job_id: str) -> WatchedJob:
        """One job. Raises NotFound."""
        async with self._database.reading() as view:
            row = (await view.execute(_ONE, {"p_source": source, "p_job_id": job_id})).one_or_none()
        if row is None:
            raise NotFound(f"no job {job_id} of source {source} is known; `poller jobs list` shows them")
        return _to_job(row)

    async def tending(self, key: int) -> Sequence[tuple[str, bool]]:
        """The routes that tend a job now, and whether they have escalated."""
        async with self._database.reading() as view:
            return [
                (row.route, row.escalated_at is not None) for row in await view.execute(_OPEN_ROUTES, {"p_job": key})
            ]


def _to_job(row: Row[*tuple[Any, ...]]) -> WatchedJob:
    return WatchedJob(
        key=row.id,
        source=row.source,
        job_id=row.job_id,
        labels=strings(row.labels),
        state=row.state,
        state_class=row.state_class,
        state_since=row.state_since,
        revision=row.revision,
        present=row.removed_at is None and not row.missing,
    )


def _to_tended(row: Row[*tuple[Any, ...]]) -> TendedJob:
    tending = Tending(
        opened_at=row.opened_at, told_at=row.told_at, reminders=row.reminders, escalated_at=row.escalated_at
    )
    return TendedJob(job=_to_job(row), route=row.route, tending=tending)
