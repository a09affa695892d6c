"""Whether a source can be read: told once when it goes blind, once when it recovers, and a probe now and then in between."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from poller.core.breaker import CLOSED, OUTAGE_FAILURES, OUTAGE_PAUSE_CAP, OUTAGE_SECONDS, Breaker, failed, rest
from poller.core.event import Event
from poller.core.notices import source_blind, source_recovered
from poller.core.reading import Absent, Denied, Failed, Listing, Reading, Refused, Same, Seen
from poller.core.work import SourceHealth
from poller.engine.ports import Clock, Ledger, Roll
from poller.engine.refusals import Refusals
from poller.engine.verdict import Rules

_ANSWERS: Final = frozenset({Same, Seen, Absent})
PROBE: Final = 1  # how many jobs are asked about while a source is blind

log = structlog.get_logger(__name__)


class Watch:
    """The health of one source, kept in the ledger so that a restart tells nothing twice. `jobs` says how many are watched, if known.

    Rests are measured by the clock that never jumps, what is told by that of the wall. `kept` is for how many seconds the health
    that was read counts, where other daemons may change it; whoever announces first has told it for all. `told` is called after that.
    """

    def __init__(
        self,
        source: str,
        *,
        ledger: Ledger,
        roll: Roll,
        clock: Clock,
        rules: Rules,
        jobs: Callable[[], int | None],
        told: Callable[[], None],
        kept: float = math.inf,
    ) -> None:
        self._source = source
        self._told = told
        self._kept = kept
        self._read_at = -math.inf
        self._clock = clock
        self._ledger = ledger
        self._roll = roll
        self._rules = rules
        self._refusals = Refusals(jobs)
        self._breaker: Breaker = CLOSED
        self._health: SourceHealth | None = None

    @property
    def is_open(self) -> bool:
        """Whether the source rests, apart from probes."""
        return self._breaker.is_open

    def most(self, claimed: int) -> int | None:
        """How many jobs may be in hand: None for no limit, else 0 or a single probe."""
        if not self._breaker.is_open:
            return None
        return 0 if rest(self._breaker, self._clock.monotonic()) else PROBE - claimed

    async def observe_jobs(self, readings: Sequence[tuple[int, Reading, float]]) -> None:
        """Learn from polls, each with its job's key, in the order in which they ended; announces what changed."""
        if _ANSWERS.issuperset([type(reading) for _, reading, _ in readings]):
            readings = readings[-1:]  # of answers the last one says all
        await self._observe([(self._refusals.judge(key, reading), at) for key, reading, at in readings])

    async def observe_page(self, listing: Listing, at: float) -> None:
        """Learn from a list page; announces what changed."""
        self._refusals.answered(listing)
        await self._observe([(listing, at)])

    async def _observe(self, readings: Sequence[tuple[Reading | Listing, float]]) -> None:
        health = await self._known_health()
        before = self._breaker
        answered_at = reason = None
        for reading, at in readings:
            self._breaker = _learn(self._breaker, reading, self._clock.monotonic())
            if self._breaker is not CLOSED:
                reason = getattr(reading, "reason", reason)
            elif not isinstance(reading, Refused):
                answered_at = at
        if self._breaker.is_open and not before.is_open and health.blind_since is None:
            await self._go_blind(reason or "unreadable", readings[-1][1])
        elif answered_at is not None and not self._breaker.is_open and health.blind_since is not None:
            await self._recover(health.reason or "unreadable", health.blind_since, answered_at)

    async def _known_health(self) -> SourceHealth:
        now = self._clock.monotonic()
        if self._health is None or now - self._read_at > self._kept:
            self._health, self._read_at = await self._ledger.health(self._source), now
        return self._health

    async def _go_blind(self, reason: str, now: float) -> None:
        health = SourceHealth(blind_since=now, reason=reason)
        await self._announce(source_blind(self._source, reason, now=now), health)
        log.error("source cannot be read", source=self._source, reason=reason)

    async def _recover(self, reason: str, blind_since: float, now: float) -> None:
        waiting = await self._roll.overdue(self._source, before=now)
        event = source_recovered(self._source, reason, blind_since=blind_since, waiting=waiting, now=now)
        await self._announce(event, SourceHealth())
        log.info("source can be read again", source=self._source, seconds=event.data["seconds_blind"])

    async def _announce(self, event: Event, health: SourceHealth) -> None:
        await self._ledger.announce(self._rules.tell(event), source=self._source, health=health)
        self._health = health
        self._told()


def _learn(breaker: Breaker, reading: Reading | Listing, now: float) -> Breaker:
    match reading:
        case Denied(after=after):
            return Breaker(
                failures=breaker.failures + 1, failing_since=breaker.failing_since or now, open_until=now + after
            )
        case Failed(after=after):
            return failed(
                breaker, now=now, threshold=OUTAGE_FAILURES, lasting=OUTAGE_SECONDS, cap=OUTAGE_PAUSE_CAP, asked=after
            )
        case _:
            return CLOSED
