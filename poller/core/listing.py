"""What is shown of the storage: rows and the filters that pick them (INTERFACE.md sections 3 and 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from poller.core.delivery import DeliveryState
from poller.core.event import Event, EventType
from poller.core.jsonvalue import Json, JsonObject
from poller.core.vocabulary import StateClass

# Why a job is watched: named in the configuration file, added by an operator, found by discovery.
Origin: TypeAlias = Literal["file", "request", "discovery"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFilter:
    """Absent keys match all. `text` matches the start of the job id, or any part of name and batch name, in any case."""

    source: str | None = None
    job_id: str | None = None
    state: str | None = None
    state_class: StateClass | None = None
    text: str | None = None
    removed: bool = False  # removed ones as well
    stuck: bool = False  # only those that were told to be stuck in the state they are in


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """One job as lists show it. Times are in seconds; `due_at` is None when it is no longer polled, and of an
    urgent job when it was made so.

    `failures` polls in a row have failed, the last one with `last_error`; `absences` said that there is no such job. `urgent`: it is
    polled before all others. `acknowledged_by` takes care of it while it stays in its state; `acknowledgement` is what they said.
    """

    key: int
    source: str
    job_id: str
    app_user_id: str | None
    labels: Mapping[str, str]
    name: str | None
    batch_name: str | None
    state: str | None
    state_class: StateClass
    state_since: float
    origins: tuple[Origin, ...]
    paused: bool
    watching: bool
    missing: bool
    due_at: float | None
    claimed_until: float | None
    seen_at: float | None
    added_at: float
    removed_at: float | None
    failures: int
    absences: int
    last_error: str | None
    sequence: int
    revision: int
    urgent: bool = False
    acknowledged_at: float | None = None
    acknowledged_by: str | None = None
    acknowledgement: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDetail:
    """All that is known of one job. `snapshot` holds the kept fields and the log so far, None before the first successful poll."""

    row: JobRow
    snapshot: Mapping[str, Json] | None = field(repr=False)
    counts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotRow:
    """One change in a job's history: the kept fields that differed from the revision before."""

    revision: int
    observed_at: float
    delta: JsonObject = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFilter:
    """Absent keys match all; `since` is an instant in seconds, of observation."""

    id: str | None = None
    source: str | None = None
    job_id: str | None = None
    type: EventType | None = None
    transition: str | None = None
    since: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow:
    """An event and its place in the order in which events were committed; positions are never used again."""

    position: int
    event: Event


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryFilter:
    """Which deliveries; absent keys match all. `since` is when the event was recorded, in seconds."""

    ids: tuple[int, ...] | None = None
    event_ids: tuple[str, ...] | None = None
    state: DeliveryState | None = None
    notifier: str | None = None
    since: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """One delivery as lists show it. `source` is empty for an event of a notifier; times are in seconds.

    `recipient` is a mail address; deliveries to it with the same `bundle` are told together.
    """

    id: int
    event_id: str
    notifier: str
    state: DeliveryState
    attempts: int
    next_attempt_at: float | None
    last_error: str | None
    source: str
    subject: str
    job_id: str | None
    type: EventType
    transition: str
    sequence: int | None
    created_at: float
    settled_at: float | None
    recipient: str | None = None
    bundle: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryDetail:
    """One delivery with the event that it owes."""

    row: DeliveryRow
    event: Event = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCount:
    """How many jobs of a source are watched in a state, and how many of them were due before the instant that was asked about."""

    source: str
    state_class: StateClass
    state: str | None
    jobs: int
    overdue: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryCount:
    """What a notifier is owed: `oldest` is when the oldest pending one was recorded, None when nothing is pending."""

    notifier: str
    pending: int
    dead: int
    oldest: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreSize:
    """Rows of each table, and bytes on the disk (the journal apart; 0 where the server keeps it)."""

    rows: Mapping[str, int]
    bytes: int
    journal_bytes: int
