"""Due jobs -> fetch -> compare -> record, for one source."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from poller.core.reading import Failed, Reading, Target
from poller.core.work import Due, Poll
from poller.engine.bell import Bell
from poller.engine.pace import Pace
from poller.engine.ports import Clock, Ledger, Source
from poller.engine.seats import Seats
from poller.engine.shift import IDLE, Shift
from poller.engine.verdict import Rules, conclude, needs_known
from poller.engine.watch import Watch

HAND_PER_SEAT: Final = 16  # jobs claimed ahead, so that no seat waits for the database and a transaction serves many
LEASE_GRACE: Final = 10.0  # seconds beyond the longest time that a claimed job can wait and be worked
THROTTLE_PAUSE: Final = 1.0  # seconds of rest after "too many requests" without a Retry-After

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One poll that ended; `reading` is None when the job was not asked about and goes back to the rows."""

    due: Due
    reading: Reading | None
    at: float


class Poller:
    """Polls the jobs of one source. `told` is called after a transaction that owes deliveries."""

    def __init__(
        self,
        *,
        source: Source,
        ledger: Ledger,
        clock: Clock,
        rules: Rules,
        rate: float,
        concurrency: int,
        timeout: float,
        dice: Callable[[], float],
        told: Callable[[], None],
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._dice = dice
        self._told = told
        self._most = concurrency * HAND_PER_SEAT
        self._lease = timeout * (HAND_PER_SEAT + 1) + LEASE_GRACE
        self._pace = Pace(rate, clock)
        self._watch = Watch(source.name, ledger, rules)
        self._next_look = 0.0
        self.bell = Bell()
        self.seats: Seats[Due, Fetched] = Seats(concurrency, self._fetch, self.bell)
        self.shift = Shift(f"poll {source.name}", self.seats, self.bell, clock)

    def look(self) -> None:
        """Something may be due that was not before."""
        self._next_look = 0.0
        self.bell.ring()

    async def run(self) -> None:
        """Poll until closed."""
        await self.shift.run(self.round)

    async def round(self) -> float:
        """Record what was fetched, claim what is due; returns when to look again."""
        await self._put_away(self.seats.collect())
        if self.shift.closing:
            await self._release(self.seats.take_back())
            return self._clock.now()
        await self._claim()
        return self._next_look

    async def _claim(self) -> None:
        now = self._clock.now()
        if now < self._next_look:
            return
        room, self._next_look = self._room(now)
        if room <= 0:
            return
        due = await self._ledger.claim(self._source.name, now=now, until=now + self._lease, limit=room)
        self.seats.deal(due)
        if len(due) < room:
            next_due = await self._ledger.next_due(self._source.name)
            self._next_look = min(now + IDLE, now + IDLE if next_due is None else next_due)

    def _room(self, now: float) -> tuple[int, float]:
        """How many jobs to claim now, and when to look again if none."""
        room = self._pace.room(self._most) - self.seats.waiting
        probes = self._watch.most(now, self.seats.claimed)
        if probes is not None:
            return min(room, probes), now + IDLE
        return room, now + (self._pace.seconds_to_next() if room <= 0 else 0.0)

    async def _fetch(self, due: Due) -> Fetched:
        if not await self._pace.turn():
            return Fetched(due=due, reading=None, at=self._clock.now())
        # A missing job that answers as it did last time has been found again: that has to be compared, not skipped.
        target = Target(job_id=due.job_id, app_user_id=due.app_user_id, digest=None if due.missing else due.digest)
        try:
            reading = await self._source.fetch(target)
        except Exception:  # a bug met by one job must not stop the others; it is logged, and the job backs off
            log.exception("polling failed because of a bug; please report it", source=due.source, job_id=due.job_id)
            reading = Failed(kind="nonsense", reason="internal error, see the log")
        if isinstance(reading, Failed) and reading.kind == "throttled":
            self._pace.hold(max(reading.after or 0.0, THROTTLE_PAUSE))
        return Fetched(due=due, reading=reading, at=self._clock.now())

    async def _put_away(self, fetched: list[Fetched]) -> None:
        if not fetched:
            return
        try:
            await self._record(fetched)
        except (
            BaseException
        ):  # whatever stopped it: nothing that was fetched is forgotten; it is recorded the next time
            self.seats.put_back(fetched)
            raise

    async def _record(self, fetched: list[Fetched]) -> None:
        await self._release([one.due for one in fetched if one.reading is None])
        read = [(one, one.reading) for one in fetched if one.reading is not None]
        if not read:
            return
        known = await self._ledger.known([one.due.key for one, reading in read if needs_known(one.due, reading)])
        polls = [
            conclude(one.due, reading, known.get(one.due.key), self._rules, now=one.at, spread=self._dice())
            for one, reading in read
        ]
        # The health of the source first, so that "recovered" is told before what the recovered source has to say.
        await self._watch.observe([(reading, one.at) for one, reading in read])
        refused = await self._ledger.record(polls)
        self._report(polls, set(refused))

    def _report(self, polls: list[Poll], refused: set[int]) -> None:
        told = [told for poll in polls if poll.change and poll.key not in refused for told in poll.change.told]
        for one in told:
            event = one.event
            log.info(
                "transition", source=event.source, job_id=event.job_id, transition=event.transition, event_id=event.id
            )
        if refused:
            log.info(
                "a job changed while it was polled; it is polled again", source=self._source.name, jobs=len(refused)
            )
        if any(one.notifiers for one in told):
            self._told()
        self._next_look = min([self._next_look, *(poll.due_at for poll in polls if poll.due_at is not None)])

    async def _release(self, due: list[Due]) -> None:
        if due:
            await self._ledger.release([one.key for one in due])
