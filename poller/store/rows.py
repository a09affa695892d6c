"""Rows to values: nothing of SQLAlchemy leaves the storage."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, RowMapping

from poller.core.cadence import is_urgent, shown_due
from poller.core.delivery import Delivery
from poller.core.event import Event
from poller.core.job import Known
from poller.core.jsonvalue import Written
from poller.core.listing import DeliveryRow, EventRow, JobRow, Origin, SnapshotRow
from poller.core.notification import notification_of
from poller.core.work import Due, Owed
from poller.store.codec import from_text, numbers, strings
from poller.store.spelling import read

_ORIGINS: tuple[tuple[str, Origin], ...] = (
    ("by_file", "file"),
    ("by_request", "request"),
    ("by_discovery", "discovery"),
)


DUE_COLUMNS: Final = (
    *("id", "source", "job_id", "app_user_id", "labels", "state", "state_class", "state_since"),
    *("digest", "revision", "failures", "absences", "missing"),
    *("seen_at", "first_seen_at", "quiet_entries", "by_discovery", "due_at"),
)
_LABELS: Final = DUE_COLUMNS.index("labels")


def to_due(row: Row[*tuple[Any, ...]]) -> Due:
    """A claimed job; the row begins with `DUE_COLUMNS`, which are the fields of a `Due` in their order."""
    fields = list(row[: len(DUE_COLUMNS)])
    fields[_LABELS] = strings(fields[_LABELS])
    return Due._make(fields)


# Of `jobs` and of `known`, each in its own order.
STANDING_COLUMNS: Final = ("id", "sequence", "state_since", "missing")
KNOWN_COLUMNS: Final = ("snapshot", "counts")


def to_known(row: Row[*tuple[Any, ...]]) -> Known:
    """What the next poll is compared with; the row is of `STANDING_COLUMNS` and `KNOWN_COLUMNS`.

    `snapshot` and `counts` are null when nothing was recorded yet.
    """
    _, sequence, state_since, missing, snapshot, counts = row
    return Known(
        snapshot=None if snapshot is None else read(snapshot),
        sequence=sequence,
        state_since=state_since,
        counts={} if counts is None else numbers(counts),
        missing=missing,
    )


# Of `deliveries` and of its event, each in its own order.
OWED_COLUMNS: Final = (
    "id",
    "notifier",
    "state",
    "attempts",
    "next_attempt_at",
    "last_error",
    "settled_at",
    "recipient",
)
TOLD_COLUMNS: Final = (
    "id",
    "type",
    "transition",
    "source",
    "subject",
    "job",
    "sequence",
    "time",
    "observed_at",
    "data",
)


def to_owed(rows: Sequence[Row[*tuple[Any, ...]]]) -> Owed:
    """What one attempt tells; the rows are of `OWED_COLUMNS` and `TOLD_COLUMNS`, read by position because every attempt passes here."""
    return Owed(
        deliveries=tuple(map(_delivery, rows)),
        notification=notification_of(*map(_told, rows), recipient=rows[0][7]),
    )


def _delivery(row: Row[*tuple[Any, ...]]) -> Delivery:
    return Delivery(
        id=row[0],
        notifier=row[1],
        state=row[2],
        attempts=row[3],
        next_attempt_at=row[4],
        last_error=row[5],
        settled_at=row[6],
        recipient=row[7],
        event_id=row[8],
    )


def _told(row: Row[*tuple[Any, ...]]) -> Event:
    return Event(
        id=row[8],
        type=row[9],
        transition=row[10],
        source=row[11],
        subject=row[12],
        job_id=None if row[13] is None else row[12],
        sequence=row[14],
        time=row[15],
        observed_at=row[16],
        data=Written(row[17], from_text),
    )


def to_event(row: RowMapping) -> Event:
    """An event. That of a job has the job as its subject."""
    return Event(
        id=row["event_id"],
        type=row["type"],
        transition=row["transition"],
        source=row["source"],
        subject=row["subject"],
        job_id=None if row["job"] is None else row["subject"],
        sequence=row["sequence"],
        time=row["time"],
        observed_at=row["observed_at"],
        data=Written(row["data"], from_text),
    )


def to_event_row(row: RowMapping) -> EventRow:
    """An event for a list."""
    return EventRow(position=row["position"], event=to_event(row))


def to_snapshot_row(row: RowMapping) -> SnapshotRow:
    """One change in a job's history."""
    return SnapshotRow(revision=row["revision"], observed_at=row["observed_at"], delta=from_text(row["delta"]))


def to_delivery_row(row: RowMapping) -> DeliveryRow:
    """A delivery for a list."""
    fields = {key: row[key] for key in DeliveryRow.__slots__ if key not in {"job_id", "recipient", "bundle"}}
    return DeliveryRow(
        **fields,
        job_id=None if row["job"] is None else row["subject"],
        recipient=row["recipient"] or None,
        bundle=row["bundle"] or None,
    )


def to_job_row(row: RowMapping) -> JobRow:
    """A job for a list."""
    special = {
        "key": row["id"],
        "labels": strings(row["labels"]),
        "due_at": _shown_due(row),
        "urgent": row["due_at"] is not None and is_urgent(row["due_at"], _moment(row)),
    }
    fields = {key: row[key] for key in JobRow.__slots__ if key not in special and key != "origins"}
    origins = tuple(origin for column, origin in _ORIGINS if row[column])
    return JobRow(**special, **fields, origins=origins)


def _shown_due(row: RowMapping) -> float | None:
    due_at: float | None = row["due_at"]
    return due_at if due_at is None else shown_due(due_at, _moment(row))


def _moment(row: RowMapping) -> float:
    """Near enough to now to tell an urgent job by its due time."""
    moment: float = row["seen_at"] or row["added_at"]
    return moment
