"""Holding the requests of all daemons to one source to its rate: each takes turns out of a budget that they share."""

from collections import deque
from collections.abc import Callable
from typing import Final

import anyio
import structlog

from poller.core.crew import Crew
from poller.engine.lateness import LATE, has_turn
from poller.engine.pace import PATIENCE
from poller.engine.ports import Budgets, Clock
from poller.errors import StoreError

# Seconds of budget that may be claimed ahead: more than the longest pause between two rounds (`shift.PACE_CAP`) with a claim over the
# network, or a daemon that is alone for a while has nothing in hand when its turn comes.
AHEAD: Final = 0.4
SLICE: Final = 0.25  # seconds of budget that are taken at once, at most: what dies with a daemon is no more
STORE_PAUSE: Final = 1.0  # seconds without turns after a database that did not answer
AWAY_PAUSE: Final = 0.5  # seconds until a daemon that others may believe dead looks whether it is still so

log = structlog.get_logger(__name__)


class SharedPace:
    """As `engine.pace.Pace`, for several daemons: the turns come from `budgets`, so that all together keep to `rate`."""

    def __init__(self, source: str, rate: float, *, budgets: Budgets, crew: Callable[[], Crew], clock: Clock) -> None:
        self._source = source
        self._limit = rate
        self._rate = rate
        self._budgets = budgets
        self._crew = crew
        self._clock = clock
        self._turns: deque[float] = deque()  # the moments at which requests may go
        self._waiting = 0
        self._lacking = 0  # of those who wait, who have no turn yet
        self._owed = 0  # requests that were sent without a turn of their own
        self._none_until = 0.0
        self._asking = anyio.Lock()

    @property
    def rate(self) -> float:
        """Requests a second of all daemons together, as far as the other side lets us."""
        return self._rate

    @property
    def share(self) -> float:
        """The part of what is not given out turn by turn that is for this daemon."""
        return self._crew().share

    def room(self, most: int) -> int:
        """How many items are worth having in hand: what the rate allows in a moment, at most `most`."""
        if not self._crew().joined or self._barred():
            return 0
        return max(0, min(int(1.0 + self._rate * AHEAD) - self._waiting, most))

    def seconds_to_next(self) -> float:
        """Seconds until it is worth looking for a turn."""
        if not self._crew().joined:
            return AWAY_PAUSE
        return max(self._barred(), 1.0 / self._rate if self._waiting else 0.0)

    async def turn(self, patience: float = PATIENCE) -> bool:
        """Wait for a turn; False, and none taken, when that would take longer than `patience` seconds."""
        self._waiting += 1
        self._lacking += 1
        try:
            at = await self._next(patience)
        finally:
            self._lacking -= 1
            self._waiting -= 1
        if at is None:
            return False
        self._waiting += 1
        try:
            await anyio.sleep(max(0.0, at - self._clock.monotonic()))
        finally:
            self._waiting -= 1
        has_turn(at)
        # One that was paused meanwhile finds its turn gone: others have used the time.
        return self._crew().joined and self._clock.monotonic() - at <= LATE

    def charge(self, requests: int) -> None:
        """Account for requests beyond the one that a turn was for."""
        self._owed += max(0, requests)

    async def slow_down(self, seconds: float | None) -> None:
        """The other side said "too many requests", and how long to leave it alone, if it said so."""
        self._pause(seconds or 0.0)
        try:
            self._rate = await self._budgets.slow_down(self._source, rate=self._limit, seconds=seconds or 0.0)
        except StoreError as error:
            self._without(error)

    async def hold(self, seconds: float) -> None:
        """Nobody's turn for the next `seconds`: the other side asked to be left alone."""
        self._pause(seconds)
        try:
            await self._budgets.hold(self._source, seconds=seconds)
        except StoreError as error:
            self._without(error)

    def _pause(self, seconds: float) -> None:
        self._none_until = max(self._none_until, self._clock.monotonic() + seconds)
        if seconds:
            self._turns.clear()

    def _barred(self) -> float:
        return max(0.0, self._none_until - self._clock.monotonic())

    async def _next(self, patience: float) -> float | None:
        until = self._clock.monotonic() + patience
        while True:
            async with self._asking:
                if not self._turns_left() and not self._pause_left():
                    await self._ask(until - self._clock.monotonic())
                if self._turns_left() and not self._pause_left():
                    return self._turns.popleft()
            pause = self._pause_left()
            if self._clock.monotonic() + pause > until:
                return None
            await anyio.sleep(pause)

    def _pause_left(self) -> float:
        return max(self._barred(), 0.0 if self._crew().joined else AWAY_PAUSE)

    def _turns_left(self) -> bool:
        self._drop_late()
        return bool(self._turns)

    def _drop_late(self) -> None:
        late = self._clock.monotonic() - LATE
        while self._turns and self._turns[0] < late:
            self._turns.popleft()

    async def _ask(self, within: float) -> None:
        wanted = min(self._lacking, max(1, int(self._rate * SLICE)))
        owed, self._owed = self._owed, 0
        try:
            got = await self._budgets.take(
                self._source, rate=self._limit, pace=self._rate, requests=wanted + owed, within=max(0.0, within)
            )
        except StoreError as error:
            self._owed += owed
            self._without(error)
            return
        now = self._clock.monotonic()
        self._rate = got.pace
        if not got.requests:
            self._owed += owed
            self._none_until = max(self._none_until, now + got.first)
            return
        # What was sent without a turn is made up for by the first ones.
        self._turns.extend(now + got.first + got.step * number for number in range(owed, got.requests))

    def _without(self, error: StoreError) -> None:
        log.warning("no turns from the budget: the database does not take part", source=self._source, reason=str(error))
        self._none_until = max(self._none_until, self._clock.monotonic() + STORE_PAUSE)
