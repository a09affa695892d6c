"""Due jobs -> fetch -> record, for one source."""

from typing import Final

import structlog

from poller.core.cadence import URGENCY
from poller.core.reading import Failed, Target
from poller.core.work import Due
from poller.engine.bell import Bell
from poller.engine.governor import Governor
from poller.engine.ports import Clock, Ledger, Pacing, Source
from poller.engine.recorder import Fetched, Recorder
from poller.engine.seats import LOW_PART, Seats
from poller.engine.shift import IDLE, NO_ROW, Shift
from poller.engine.watch import Watch

HAND_PER_SEAT: Final = 64  # jobs claimed ahead, so that no seat waits for the database and a transaction serves many
LEASE_GRACE: Final = 10.0  # seconds beyond the longest time that a claimed job can wait and be worked
EARLY_GLANCE: Final = 0.25  # seconds until it is looked again for jobs to be asked about before they are due
THROTTLE_PAUSE: Final = 1.0  # seconds of rest after "too many requests" without a Retry-After

log = structlog.get_logger(__name__)


class Poller:
    """Polls the jobs of one source."""

    def __init__(
        self,
        *,
        source: Source,
        ledger: Ledger,
        clock: Clock,
        pace: Pacing,
        watch: Watch,
        governor: Governor,
        recorder: Recorder,
        concurrency: int,
        timeout: float,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._clock = clock
        self._pace = pace
        self._watch = watch
        self._governor = governor
        self._recorder = recorder
        self._most = concurrency * HAND_PER_SEAT
        self._lease = timeout * (HAND_PER_SEAT + 1) + LEASE_GRACE
        self._next_look = 0.0
        self.bell = Bell()
        self.seats: Seats[Due, Fetched] = Seats(concurrency, self._fetch, self.bell, low=self._most // LOW_PART)
        self.shift = Shift(f"poll {source.name}", self.seats, self.bell, clock)

    def look(self) -> None:
        """Something may be due that was not before."""
        self._next_look = 0.0
        self.bell.ring()

    def charge(self, requests: int) -> None:
        """Requests were sent beyond those that turns were for."""
        self._pace.charge(requests)

    async def run(self) -> None:
        """Poll until closed."""
        await self.shift.run(self.round)

    async def round(self) -> float:
        """Record what was fetched, claim what is due; returns when to look again."""
        if self.shift.trouble is not None:
            await self._ledger.release(NO_ROW)
        await self._put_away(self.seats.collect())
        if self.shift.closing:
            await self._recorder.release(self.seats.take_back())
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
        if self._governor.sweeps:
            room -= await self._deal(now - URGENCY / 2, now, room)
        wanted = min(room, self._governor.rotation_room(room))
        claimed = await self._deal(now, now, wanted)
        claimed += await self._deal_early(now, wanted - claimed)
        self._governor.rotated(claimed)
        if claimed < wanted:
            next_due = await self._ledger.next_due(self._source.name)
            idle = now + (IDLE if self._governor.rest is None else EARLY_GLANCE)
            self._next_look = idle if next_due is None else min(idle, next_due)
        elif wanted < room:
            self._next_look = now + self._governor.rotation_pause

    async def _deal(self, due_before: float, now: float, room: int) -> int:
        if room <= 0:
            return 0
        due = await self._ledger.claim(self._source.name, now=due_before, until=now + self._lease, limit=room)
        self.seats.deal(due)
        return len(due)

    async def _deal_early(self, now: float, room: int) -> int:
        """What the budget has left over goes to jobs that are not due yet, while it is short for all that is wished."""
        rest = self._governor.rest
        if room <= 0 or rest is None:
            return 0
        until = now + self._lease
        early = await self._ledger.claim_early(self._source.name, rest=rest, now=now, until=until, limit=room)
        self.seats.deal(early)
        return len(early)

    def _room(self, now: float) -> tuple[int, float]:
        """How many jobs to claim now, and when to look again if none."""
        room = self._pace.room(self._most) - self.seats.waiting
        probes = self._watch.most(self.seats.claimed)
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
            await self._pace.slow_down(max(reading.after or 0.0, THROTTLE_PAUSE))
        elif isinstance(reading, Failed) and reading.after:
            await self._pace.hold(reading.after)
        return Fetched(due=due, reading=reading, at=self._clock.now())

    async def _put_away(self, fetched: list[Fetched]) -> None:
        if not fetched:
            return
        try:
            due_at = await self._recorder.record(fetched)
        except (
            BaseException
        ):  # nothing that was fetched is forgotten, whatever stopped it: it is recorded the next time
            self.seats.put_back(fetched)
            raise
        if due_at is not None:
            self._next_look = min(self._next_look, due_at)
