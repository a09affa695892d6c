"""The engine's ports with a count beside: each class stands before a part and hands everything on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, get_args

from poller.core.batch import Batch, Progress
from poller.core.delivery import Delivery, Outcome
from poller.core.event import Event
from poller.core.exchange import Exchange, Reply, Request
from poller.core.notification import Notification
from poller.core.reading import Denied, Failed, Listing, ListQuery, Reading, Target
from poller.core.timestamps import parse_rfc3339
from poller.core.validity import Ending, Validity
from poller.core.work import Change, Fallback, NotifierHealth, Poll, SourceHealth, Told
from poller.engine.caring import Batches
from poller.engine.lateness import is_late
from poller.engine.owing import Outbox
from poller.engine.ports import Clock, Ledger, Notifier, Source
from poller.sources.ports import Credentialed, Http
from poller.web.tally import Tally

# Their time is the vendor's, so that it shows how late they were seen.
_DATED: Final = frozenset({"poller.job.operation_logged", "poller.job.commented", "poller.job.state_changed"})
OUTCOMES: Final = ("delivered", "failed", "dead")
_NAMES: Final[Mapping[type, str]] = {kind: kind.__name__.lower() for kind in (*get_args(Reading), *get_args(Listing))}


class CountedHttp:
    """The requests of one source, by status; `broken` is one without an answer.

    `unpaid` is called for each that no turn stands for: one that goes later than its turn was, and one that is sent a second time.
    """

    def __init__(self, http: Http, source: str, clock: Clock, tally: Tally, unpaid: Callable[[], None]) -> None:
        self._http = http
        self._clock = clock
        self._unpaid = unpaid
        self._source = source
        self._tally = tally

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """One exchange."""
        if is_late(self._clock.monotonic()):
            self._unpaid()
        exchange = await self._http.send(request, timeout=timeout, limit=limit)
        status = str(exchange.status) if isinstance(exchange, Reply) else "broken"
        self._tally.requests[self._source, status] += 1
        if exchange.resent:
            self._unpaid()
        return exchange


class CountedSource:
    """The polls and the list pages of one source, by what came of them."""

    def __init__(self, source: Source, clock: Clock, tally: Tally) -> None:
        self._source = source
        self._clock = clock
        self._tally = tally
        self._seconds = tally.poll_seconds[source.name]
        tally.throttled[source.name] += 0  # shown from the start: of a counter that appears with 1 no rate can be taken
        self.name: str = source.name
        self.can_list: bool = source.can_list
        self.living_states: tuple[str, ...] = source.living_states
        self.classify = source.classify

    def validity(self) -> Validity | None:
        """How long the credential lasts; None while nothing is known, as with sources that cannot say."""
        return self._source.validity() if isinstance(self._source, Credentialed) else None

    async def fetch(self, target: Target) -> Reading:
        """Ask about one job."""
        began = self._clock.monotonic()
        reading = await self._source.fetch(target)
        self._seconds.add(self._clock.monotonic() - began)
        self._tally.polls[self.name, self._outcome(reading)] += 1
        return reading

    async def list(self, query: ListQuery) -> Listing:
        """Ask for one page of the list."""
        listing = await self._source.list(query)
        self._tally.pages[self.name, self._outcome(listing)] += 1
        return listing

    def _outcome(self, reading: Reading | Listing) -> str:
        if isinstance(reading, Failed):
            if reading.kind == "throttled":
                self._tally.throttled[self.name] += 1
            return reading.kind
        if not isinstance(reading, Denied):
            self._tally.read.add(self.name)
        return _NAMES[type(reading)]


class CountedNotifier:
    """How long the attempts of one notifier take."""

    def __init__(self, notifier: Notifier, clock: Clock, tally: Tally) -> None:
        self._notifier = notifier
        self._clock = clock
        self._seconds = tally.attempts[notifier.name]
        tally.deliveries.update({(notifier.name, outcome): 0 for outcome in OUTCOMES})
        self.name: str = notifier.name

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        """One attempt."""
        began = self._clock.monotonic()
        outcome = await self._notifier.deliver(notification, now=now)
        self._seconds.add(self._clock.monotonic() - began)
        return outcome


class CountedLedger:
    """The events that are recorded, by type, and how late they were seen. `told` is called after a transaction that recorded some."""

    def __init__(self, ledger: Ledger, tally: Tally, told: Callable[[], None]) -> None:
        self._ledger = ledger
        self._tally = tally
        self._told = told
        self.claim = ledger.claim
        self.claim_early = ledger.claim_early
        self.release = ledger.release
        self.next_due = ledger.next_due
        self.known = ledger.known
        self.health = ledger.health
        self.ending = ledger.ending

    async def record(self, polls: Sequence[Poll]) -> Sequence[int]:
        """Record polls."""
        refused = await self._ledger.record(polls)
        for poll in polls:
            if poll.change is not None and poll.key not in refused:
                # What a first look finds happened before anybody watched.
                self._count(poll.change, dated=poll.revision > 0)
        return refused

    async def remark(self, key: int, revision: int, change: Change) -> bool:
        """Record a change that no poll brought."""
        written = await self._ledger.remark(key, revision, change)
        if written:
            self._count(change, dated=False)
        return written

    async def announce(self, told: Told, *, source: str | None = None, health: SourceHealth | None = None) -> None:
        """Record an event without a job."""
        await self._ledger.announce(told, source=source, health=health)
        self._count_event(told.event)

    async def announce_ending(self, told: Told, *, source: str, ending: Ending | None) -> bool:
        """Record an event about a credential, unless it is known."""
        is_news = await self._ledger.announce_ending(told, source=source, ending=ending)
        if is_news:
            self._count_event(told.event)
        return is_news

    async def announce_notifier(self, told: Told, name: str, health: NotifierHealth) -> bool:
        """Record an event about a notifier, unless it is known."""
        is_news = await self._ledger.announce_notifier(told, name, health)
        if is_news:
            self._count_event(told.event)
        return is_news

    def _count_event(self, event: Event) -> None:
        self._tally.events[event.source, event.type] += 1
        self._told()

    def _count(self, change: Change, *, dated: bool) -> None:
        if change.told:
            self._told()
        for told in change.told:
            event = told.event
            self._tally.events[event.source, event.type] += 1
            happened = parse_rfc3339(event.time) if dated and event.type in _DATED else None
            if happened is not None:
                self._tally.lag[event.source].add(max(0.0, event.observed_at - happened))


class CountedBatches:
    """The batches that are told to be done."""

    def __init__(self, batches: Batches, tally: Tally, told: Callable[[], None]) -> None:
        self._batches = batches
        self._tally = tally
        self._told = told
        self.look = batches.look

    async def notice(self, progress: Progress, before: Batch | None, after: Batch, told: Told | None) -> bool:
        """Save what was noticed, and tell it."""
        is_news = await self._batches.notice(progress, before, after, told)
        if is_news and told is not None:
            self._tally.events[told.event.source, told.event.type] += 1
            self._told()
        return is_news


class CountedOutbox:
    """What became of the attempts: `delivered`, `dead`, or `failed`, which is tried again."""

    def __init__(self, outbox: Outbox, tally: Tally) -> None:
        self._outbox = outbox
        self._tally = tally
        self.claim = outbox.claim
        self.release = outbox.release
        self.next_attempt = outbox.next_attempt
        self.health = outbox.health
        self.hand_over = outbox.hand_over

    async def settle(self, deliveries: Sequence[Delivery], *, fallback: Fallback | None = None) -> None:
        """Save the deliveries after their attempts."""
        await self._outbox.settle(deliveries, fallback=fallback)
        for one in deliveries:
            outcome = "failed" if one.state == "pending" else one.state
            self._tally.deliveries[one.notifier, outcome] += 1
