"""What the engine and the storage hand each other: claimed work, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from poller.core.delivery import Delivery
from poller.core.event import Event
from poller.core.job import Known
from poller.core.jsonvalue import Json
from poller.core.notification import Notification
from poller.core.tending import Tending
from poller.core.vocabulary import StateClass

_NOBODY: Final[Mapping[str, float]] = {}


class Due(NamedTuple):
    """A job claimed for one poll. `key` is the store's; `revision` counts the changes recorded so far.

    `failures` and `absences` are polls in a row that failed, or said that there is no such job. `looked_at` and `first_looked_at`
    are the last and the first poll that brought an answer; `quiet_entries` counts the log entries that came without a change of
    state, since the last one; `discovered` is a job that was found in the upstream's list. A tuple: one is made per poll.
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
    looked_at: float | None = None
    first_looked_at: float | None = None
    quiet_entries: int = 0
    discovered: bool = False
    due_at: float = 0.0


class Standing(NamedTuple):
    """What of a job says how often its log entries come; a claimed one (`Due`) says it too. A tuple: one is made per poll with news."""

    state: str | None
    state_since: float
    first_looked_at: float | None
    quiet_entries: int


class Told(NamedTuple):
    """An event and the notifiers to which it is owed; `not_before` says of some from when on (seconds), the others are told at once.

    `urgent`: there are quiet hours, so earlier events of the job may wait for their end; they go before this one, now.
    """

    event: Event
    notifiers: tuple[str, ...]
    not_before: Mapping[str, float] = _NOBODY
    urgent: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Tended:
    """A step of a route's care for a job (`core.tending`) at `at` (seconds), to be written with what tells it.

    `route` is the route's lasting name; `tending` None closes it, and a new one opens unless one is open already, or somebody has
    acknowledged the job's stay in its state.
    """

    route: str
    tending: Tending | None
    at: float
    new: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """Somebody takes care of a job, as long as it stays in its state; `at` in seconds."""

    author: str
    comment: str | None
    at: float


class Change(NamedTuple):
    """What is to be written when something kept, or something told, has changed; conditional on the claimed `revision`.

    `delta` is what differs from the snapshot before, as the history keeps it.
    `stuck`: it tells that the job is stuck in its state, which is told once per stay. `follow` names jobs of other sources, as
    (source, job id), that are to be watched from now on because this one led to them. `tended` and `acknowledged` go on with the
    care for the job. `only_log`: nothing has moved of what a list of jobs shows, only the log has grown, as with most news; False says
    nothing. A tuple: one is made per poll with news.
    """

    known: Known
    state_class: StateClass
    delta: Mapping[str, Json]
    told: tuple[Told, ...]
    stuck: bool = False
    follow: tuple[tuple[str, str], ...] = ()
    tended: tuple[Tended, ...] = ()
    acknowledged: Acknowledgement | None = None
    only_log: bool = False


class Poll(NamedTuple):
    """The end of one poll, ready to be recorded. `due_at` None: forgotten, no longer polled.

    `digest`, `entry_rate` (log entries a second to expect) and `quiet_entries` None leave the stored ones. `seen_at` is None when
    the poll brought no answer about the job. One that is not `claimed` counts only while nobody else has the job in hand. A tuple:
    one is made per poll.
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
    entry_rate: float | None = None
    quiet_entries: int | None = None
    claimed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceHealth:
    """Whether a source is told as blind, since when (seconds) and why."""

    blind_since: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifierHealth:
    """Whether a notifier is told as failing or disabled, since when (seconds) and why."""

    condition: Literal["failing", "disabled"] | None = None
    since: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fallback:
    """Who is owed an event as well when its delivery has failed `after` times, or is dead."""

    notifier: str
    after: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
    """What is claimed for one attempt: a delivery with its event, or all of a bundle, in the same order."""

    deliveries: tuple[Delivery, ...]
    notification: Notification = field(repr=False)

    @property
    def delivery(self) -> Delivery:
        """The first of them."""
        return self.deliveries[0]

    @property
    def event(self) -> Event:
        """The first of them."""
        return self.notification.events[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """A job of a list page that is known here. `state` is None until its first look; `removed` by an operator."""

    key: int
    job_id: str
    state: str | None
    revision: int
    looked_at: bool
    watching: bool
    removed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StatePulse:
    """How many log entries came without a change of state, over how many seconds of watching, in a state at an age.

    `age` is the bucket of `core.rotation.age_of`.
    """

    state: str
    age: int
    entries: float
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckJob:
    """A job that is longer in its state than it should be, and was not told so in this stay."""

    key: int
    source: str
    job_id: str
    labels: Mapping[str, str]
    state: str
    state_since: float
    revision: int
    limit: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedJob:
    """A job as it was last recorded. `present`: it was not removed, and is not missing."""

    key: int
    source: str
    job_id: str
    labels: Mapping[str, str]
    state: str | None
    state_class: StateClass
    state_since: float
    revision: int
    present: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TendedJob:
    """A job of which a step of a tending is due."""

    job: WatchedJob
    route: str
    tending: Tending
