"""What the engine needs of the world, as Protocols: the edges fit by shape, and the type checker proves it in `daemon`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from poller.core.budget import Slice
from poller.core.delivery import Outcome
from poller.core.job import Known
from poller.core.notification import Notification
from poller.core.reading import Listing, ListQuery, Reading, Target
from poller.core.rotation import Group
from poller.core.validity import Ending
from poller.core.vocabulary import StateClass
from poller.core.work import (
    Change,
    Due,
    Met,
    NotifierHealth,
    Owed,
    Poll,
    SourceHealth,
    StatePulse,
    StuckJob,
    Told,
)

__all__ = [
    "Change",
    "Chores",
    "Clock",
    "Due",
    "Ledger",
    "Notifier",
    "Owed",
    "Poll",
    "Retention",
    "Source",
    "SourceHealth",
    "Told",
]


class Clock(Protocol):
    """Two times: the wall's, which due times in the database are in, and one that never jumps, for pacing."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment in the past; never goes back."""
        ...


class Source(Protocol):
    """One upstream account. Errors of the upstream are values; what raises is a bug."""

    @property
    def name(self) -> str:
        """The key under `[sources]`."""
        ...

    def classify(self, state: str | None) -> StateClass:
        """Who has to act while a job is in `state`."""
        ...

    async def fetch(self, target: Target) -> Reading:
        """Ask about one job: one request where the API allows it, apart from renewing a token."""
        ...

    @property
    def can_list(self) -> bool:
        """Whether the API has a list of jobs with their states."""
        ...

    @property
    def living_states(self) -> tuple[str, ...]:
        """The documented states that are not `done`; empty where a list cannot be narrowed to them."""
        ...

    async def list(self, query: ListQuery) -> Listing:
        """Ask for one page of the list: one request. Only where `can_list`."""
        ...


class Notifier(Protocol):
    """One destination. Failures to deliver are outcomes; what raises is a bug."""

    @property
    def name(self) -> str:
        """The key under `[notifiers]`."""
        ...

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        """One attempt."""
        ...


class Ledger(Protocol):
    """Jobs, snapshots and events. Every method is one short transaction."""

    async def claim(self, source: str, *, now: float, until: float, limit: int) -> Sequence[Due]:
        """Lease up to `limit` due jobs until `until`, longest due first. A lease that runs out frees the job again."""
        ...

    async def claim_early(
        self, source: str, *, rest: Mapping[StateClass, float], now: float, until: float, limit: int
    ) -> Sequence[Due]:
        """Lease up to `limit` jobs that are not due yet, those first that are due first; of many it may find fewer than there are.

        Only jobs whose last poll brought an answer, `rest` seconds of their class ago or longer.
        """
        ...

    async def release(self, keys: Sequence[int]) -> None:
        """Give claimed jobs back unpolled."""
        ...

    async def next_due(self, source: str) -> float | None:
        """When the next job of the source is due, claimed ones left out; None when there is none."""
        ...

    async def known(self, keys: Sequence[int]) -> Mapping[int, Known]:
        """What is known of these jobs."""
        ...

    async def record(self, polls: Sequence[Poll]) -> Sequence[int]:
        """Snapshots, events, deliveries and next due times in ONE transaction; ends the leases.

        Returns the keys whose poll was refused because the job's revision had moved: nothing of those is written, they stay due.
        """
        ...

    async def remark(self, key: int, revision: int, change: Change) -> bool:
        """Record a change that no poll brought; False when the revision had moved. Lease and due time stay as they are."""
        ...

    async def health(self, source: str) -> SourceHealth:
        """What was last recorded of the source."""
        ...

    async def announce_notifier(self, told: Told, name: str, health: NotifierHealth) -> bool:
        """Record an event about a notifier with its health; False, and nothing recorded, when it is in that condition already."""
        ...

    async def ending(self, source: str) -> Ending | None:
        """What was last told of the source's credential; None when it was told to last, or nothing."""
        ...

    async def announce_ending(self, told: Told, *, source: str, ending: Ending | None) -> bool:
        """Record the event that a credential ends, or (None) lasts again; False, and nothing recorded, when that was told already."""
        ...

    async def announce(self, told: Told, *, source: str | None = None, health: SourceHealth | None = None) -> None:
        """Record an event without a job, with its deliveries and, for a source, its health. A known event id changes nothing."""
        ...


class Roll(Protocol):
    """The watched jobs of a source as a whole: what sweeps, discovery and planning need. Every method is one short transaction."""

    async def met(self, source: str, job_ids: Sequence[str]) -> Mapping[str, Met]:
        """Which jobs of a list page (at most 100) are known, by job id."""
        ...

    async def watched(self, source: str) -> Mapping[str, int]:
        """The keys of all jobs that are watched and not forgotten, by job id."""
        ...

    async def hurry(self, keys: Sequence[int], *, now: float) -> None:
        """Make these jobs due before all others; paused, removed and claimed ones are left alone."""
        ...

    async def oldest(self, source: str) -> float | None:
        """The earliest upstream creation time (seconds) of a job that is watched and not forgotten; None when one is not known."""
        ...

    async def groups(self, source: str, every: Mapping[StateClass, float]) -> Sequence[Group]:
        """The watched jobs that are not forgotten, those alike together: same class, rates of entries within a factor of two."""
        ...

    async def overdue(self, source: str, *, before: float) -> int:
        """How many watched jobs were due before this instant."""
        ...

    async def pulses(self, source: str) -> Sequence[StatePulse]:
        """What was learned about the states of this source."""
        ...

    async def learn(self, source: str, pulses: Sequence[StatePulse]) -> None:
        """Add to what was learned."""
        ...

    async def began(self, source: str, *, now: float) -> float:
        """When this source was first watched here (seconds); now, and remembered, when it never was."""
        ...

    async def discover(self, source: str, job_ids: Sequence[str], *, now: float) -> int:
        """Watch these jobs because the upstream lists them, except those that an operator has removed; returns how many are new."""
        ...

    async def stuck(self, source: str, limits: Mapping[str, float], *, now: float, limit: int) -> Sequence[StuckJob]:
        """At most `limit` watched jobs that are longer in a state than `limits` says (seconds), and were not told so in this stay.

        `limits` is by state or by class; a state's own limit counts more than that of its class.
        """
        ...

    async def usual_stays(self, source: str, state: str) -> Sequence[float]:
        """How long jobs stayed in this state before (seconds), the newest at most 500 stays."""
        ...


class Chores(Protocol):
    """Work that one daemon does for all that share the database. A daemon that is alone is always given it, at no cost."""

    async def take(self, name: str, *, seconds: float | None = None) -> bool:
        """Whether the chore is this daemon's for the next `seconds` (its lease unless said); taking it again prolongs it."""
        ...

    async def note(self, name: str, found: int | None) -> None:
        """Leave a number for the others; ignored when the chore is no longer this daemon's."""
        ...

    async def noted(self, name: str) -> int | None:
        """The number that was left by whoever does, or did, the chore."""
        ...


class Pacing(Protocol):
    """The rate of one source: `Pace` for a daemon that is alone, `SharedPace` for one of several."""

    @property
    def rate(self) -> float:
        """Requests a second, as far as the other side lets us."""
        ...

    @property
    def share(self) -> float:
        """The part of what is not given out turn by turn that is for this daemon, from 0 to 1."""
        ...

    def room(self, most: int) -> int:
        """How many items are worth having in hand: what the rate allows in a moment, at most `most`."""
        ...

    def seconds_to_next(self) -> float:
        """Seconds until it is worth looking for a turn."""
        ...

    async def turn(self, patience: float = ...) -> bool:
        """Wait for a turn; False, and none taken, when that would take longer than `patience` seconds."""
        ...

    def charge(self, requests: int) -> None:
        """Account for requests beyond the one that a turn was for."""
        ...

    async def slow_down(self, seconds: float | None) -> None:
        """The other side said "too many requests", and how long to leave it alone, if it said so."""
        ...

    async def hold(self, seconds: float) -> None:
        """Nobody's turn for the next `seconds`: the other side asked to be left alone."""
        ...


class Budgets(Protocol):
    """The budgets of sources that several daemons share. Every method is one short transaction."""

    async def take(self, source: str, *, rate: float, pace: float, requests: int, within: float) -> Slice:
        """Leave to send `requests` requests, `pace` a second, of a source whose rate is `rate`, beginning within so many seconds."""
        ...

    async def slow_down(self, source: str, *, rate: float, seconds: float) -> float:
        """The upstream said "too many requests": slower for all, and nobody's turn for so many seconds; returns the new pace."""
        ...

    async def hold(self, source: str, *, seconds: float) -> None:
        """Nobody's turn for so many seconds."""
        ...


class Retention(Protocol):
    """Removal of what is old."""

    async def prune(self, *, now: float, events: float, snapshots: float, deliveries: float, limit: int) -> int:
        """Delete at most `limit` rows older than these ages (seconds) of each kind; returns how many. Pending ones stay."""
        ...

    async def idle(self) -> None:
        """Tidy up while nobody is waiting: shrink the journal."""
        ...
