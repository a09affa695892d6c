"""Fakes at the seams of the engine: a clock that a test sets, a source and a notifier that follow a script."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from poller.core.delivery import Delivered, Outcome
from poller.core.event import Event
from poller.core.job import Known
from poller.core.notification import Notification
from poller.core.reading import Listing, ListQuery, Reading, Same, Seen, Target
from poller.core.route import Route
from poller.core.snapshot import Entry, Snapshot
from poller.core.vocabulary import StateClass, avatar_vocabulary
from poller.core.work import Due
from poller.engine.verdict import Rules

EVERY: dict[StateClass, float] = {
    "active": 30.0,
    "waiting_on_us": 120.0,
    "waiting_on_vendor": 120.0,
    "failed": 300.0,
    "done": 3600.0,
    "unknown": 60.0,
}
START = 1_700_000_000.0


@dataclass
class HandClock:
    """Moves only when a test says so."""

    at: float = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class ScriptedSource:
    """Answers each job id with what the script says; `asked` is what it was asked, in order."""

    name: str = "prod"
    script: dict[str, Reading] = field(default_factory=dict)
    before: Callable[[Target], Awaitable[None]] | None = None
    asked: list[Target] = field(default_factory=list)
    can_list: bool = False
    living_states: tuple[str, ...] = ()
    pages: Callable[[ListQuery], Listing] | None = None
    queries: list[ListQuery] = field(default_factory=list)

    async def list(self, query: ListQuery) -> Listing:
        self.queries.append(query)
        assert self.pages is not None
        return self.pages(query)

    def classify(self, state: str | None) -> StateClass:
        return avatar_vocabulary().classify(state)

    async def fetch(self, target: Target) -> Reading:
        self.asked.append(target)
        if self.before is not None:
            await self.before(target)
        reading = self.script[target.job_id]
        return Same() if isinstance(reading, Seen) and reading.digest == target.digest else reading


@dataclass
class ScriptedNotifier:
    """Gives the outcomes of the script in turn, then accepts everything; `told` is every attempt, in order."""

    name: str = "backend"
    outcomes: list[Outcome] = field(default_factory=list)
    before: Callable[[Event], Awaitable[None]] | None = None
    told: list[Event] = field(default_factory=list)
    notified: list[Notification] = field(default_factory=list)

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        self.notified.append(notification)
        self.told.extend(notification.events)
        if self.before is not None:
            await self.before(notification.events[0])
        return self.outcomes.pop(0) if self.outcomes else Delivered()


def rules(**changes: object) -> Rules:
    settings: dict[str, object] = {
        "classify": avatar_vocabulary().classify,
        "every": EVERY,
        "forget_done_after": 7 * 86400.0,
        "first_sight": "all",
        "routes": [Route(notify=("backend",))],
        "notifiers": ["backend"],
    }
    return Rules(**(settings | changes))  # type: ignore[arg-type]  # a test names what it changes


def due(job_id: str = "a", **changes: object) -> Due:
    settings: dict[str, object] = {
        "key": 1,
        "source": "prod",
        "job_id": job_id,
        "app_user_id": None,
        "labels": {},
        "state": "TRAINING",
        "state_class": "active",
        "state_since": START,
        "digest": None,
        "revision": 1,
        "failures": 0,
        "absences": 0,
        "missing": False,
        "looked_at": START - 30.0,
        "first_looked_at": START - 30.0,
        "due_at": START,
    }
    return Due(**(settings | changes))  # type: ignore[arg-type]  # a test names what it changes


def seen(state: str | None, *log_types: str, digest: bytes | None = None) -> Seen:
    entries = tuple(
        Entry(family="operation", time=f"2023-12-09T07:31:{number:02d}Z", type=log_type, operator="SYSTEM")
        for number, log_type in enumerate(log_types)
    )
    snapshot = Snapshot(state=state, fields={"name": "Test Name"}, entries=entries)
    return Seen(snapshot=snapshot, digest=digest or repr((state, log_types)).encode()[:16])


def known(state: str | None, *log_types: str) -> Known:
    return Known(snapshot=seen(state, *log_types).snapshot, sequence=1 + len(log_types), state_since=START)
