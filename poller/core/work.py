"""What the engine and the storage hand each other: claimed work, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from poller.core.delivery import Delivery
from poller.core.event import Event
from poller.core.job import Known
from poller.core.jsonvalue import Json
from poller.core.vocabulary import StateClass


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A job claimed for one poll. `key` is the store's; `revision` counts the changes recorded so far.

    `failures` and `absences` are polls in a row that failed, or said that there is no such job.
    """

    key: int
    source: str
    job_id: str
    app_user_id: str | None
    labels: Mapping[str, str]
    state: str | None
    state_class: StateClass
    state_since: float
    digest: bytes | None
    revision: int
    failures: int
    absences: int
    missing: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An event and the notifiers to which it is owed."""

    event: Event
    notifiers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to be written when something kept, or something told, has changed; conditional on the claimed `revision`."""

    known: Known
    state_class: StateClass
    delta: Mapping[str, Json]
    told: tuple[Told, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """The end of one poll, ready to be recorded. `due_at` None: forgotten, no longer polled.

    `digest` None leaves the stored one. `seen_at` is None when the poll brought no answer about the job.
    """

    key: int
    revision: int
    due_at: float | None
    seen_at: float | None
    failures: int = 0
    absences: int = 0
    error: str | None = None
    digest: bytes | None = None
    change: Change | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceHealth:
    """Whether a source is told as blind, since when (seconds) and why."""

    blind_since: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
    """A delivery claimed for one attempt, with its event."""

    delivery: Delivery
    event: Event = field(repr=False)
