"""Filters as conditions, and the statements of the lists."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select

from poller.core.listing import DeliveryFilter, EventFilter, JobFilter
from poller.store.attended import acknowledgements
from poller.store.tables import columns, deliveries, events, jobs, snapshots

EVENT_COLUMNS: Final = (
    events.c.id.label("event_id"),
    *columns(events, "position", "type", "transition", "source", "subject", "job", "sequence", "time", "observed_at"),
    events.c.data,
)
DELIVERY_COLUMNS: Final = (
    *columns(deliveries, "id", "notifier", "state", "attempts", "next_attempt_at", "last_error"),
    *columns(deliveries, "created_at", "settled_at", "recipient", "bundle"),
    events.c.id.label("event_id"),
    *columns(events, "type", "transition", "source", "subject", "job", "sequence"),
)

# Of a stay that is over nothing is shown.
ACKNOWLEDGED: Final = (acknowledgements.c.job == jobs.c.id) & (acknowledgements.c.state_since == jobs.c.state_since)
ACKNOWLEDGEMENT: Final = (
    acknowledgements.c.at.label("acknowledged_at"),
    acknowledgements.c.author.label("acknowledged_by"),
    acknowledgements.c.comment.label("acknowledgement"),
)


def pick_jobs(wanted: JobFilter, after: int, limit: int) -> Select[*tuple[Any, ...]]:
    """In the order in which they were added, beginning behind the key `after`."""
    statement = select(jobs, *ACKNOWLEDGEMENT).select_from(jobs.outerjoin(acknowledgements, ACKNOWLEDGED))
    return statement.where(jobs.c.id > after, *_job_conditions(wanted)).order_by(jobs.c.id).limit(limit)


def pick_history(job: int, limit: int) -> Select[*tuple[Any, ...]]:
    """The newest changes of a job."""
    chosen = columns(snapshots, "revision", "observed_at", "delta")
    return select(*chosen).where(snapshots.c.job == job).order_by(snapshots.c.revision.desc()).limit(limit)


def pick_events(wanted: EventFilter, *, after: int | None, before: int | None, limit: int) -> Select[*tuple[Any, ...]]:
    """Behind the position `after` in the order of commits; without it the newest first, beginning before `before`."""
    statement = select(*EVENT_COLUMNS).where(*_event_conditions(wanted)).limit(limit)
    if after is not None:
        return statement.where(events.c.position > after).order_by(events.c.position)
    if before is not None:
        statement = statement.where(events.c.position < before)
    return statement.order_by(events.c.position.desc())


def pick_deliveries(wanted: DeliveryFilter, *, before: int | None, limit: int) -> Select[*tuple[Any, ...]]:
    """The newest first, beginning before the id `before`."""
    statement = select(*DELIVERY_COLUMNS).select_from(deliveries.join(events)).where(*delivery_conditions(wanted))
    if before is not None:
        statement = statement.where(deliveries.c.id < before)
    return statement.order_by(deliveries.c.id.desc()).limit(limit)


def delivery_conditions(wanted: DeliveryFilter) -> Iterator[ColumnElement[bool]]:
    """The filter, on `deliveries` alone."""
    if wanted.ids is not None:
        yield deliveries.c.id.in_(wanted.ids)
    if wanted.event_ids is not None:
        yield deliveries.c.event.in_(select(events.c.position).where(events.c.id.in_(wanted.event_ids)))
    if wanted.state is not None:
        yield deliveries.c.state == wanted.state
    if wanted.notifier is not None:
        yield deliveries.c.notifier == wanted.notifier
    if wanted.since is not None:
        yield deliveries.c.created_at >= wanted.since


def _job_conditions(wanted: JobFilter) -> Iterator[ColumnElement[bool]]:
    for column in ("source", "job_id", "state", "state_class"):
        value = getattr(wanted, column)
        if value is not None:
            yield jobs.c[column] == value
    if wanted.text is not None:
        yield (
            jobs.c.job_id.istartswith(wanted.text, autoescape=True)
            | jobs.c.name.icontains(wanted.text, autoescape=True)
            | jobs.c.batch_name.icontains(wanted.text, autoescape=True)
        )
    if wanted.stuck:
        yield jobs.c.stuck_since == jobs.c.state_since
    if not wanted.removed:
        yield jobs.c.removed_at.is_(None)


def _event_conditions(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    for column in ("id", "source", "type", "transition"):
        value = getattr(wanted, column)
        if value is not None:
            yield events.c[column] == value
    if wanted.job_id is not None:
        yield events.c.job.in_(select(jobs.c.id).where(jobs.c.job_id == wanted.job_id))
    if wanted.since is not None:
        yield events.c.observed_at >= wanted.since
