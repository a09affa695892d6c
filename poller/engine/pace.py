"""Holding all requests to one source, or all attempts of one notifier, to a rate."""

from typing import Final

import anyio

from poller.core.budget import Bucket, available, fresh_bucket, take
from poller.core.throttle import Throttle, pace, throttled
from poller.engine.lateness import has_turn
from poller.engine.ports import Clock

AHEAD: Final = 0.25  # seconds of budget that may be claimed ahead of the seats
PATIENCE: Final = 2.0  # seconds that a seat waits for its turn; beyond that its item goes back to the rows


class Pace:
    """One token bucket shared by all who send. Time is monotonic: a clock that jumps neither stalls nor bursts.

    The rate is the configured one, or less while the other side throttles.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._throttle = Throttle(rate=rate)
        self._bucket = fresh_bucket(rate, clock.monotonic())
        self._held_until = 0.0

    @property
    def rate(self) -> float:
        """Requests a second, as far as the other side lets us."""
        return pace(self._throttle, self._clock.monotonic())

    @property
    def share(self) -> float:
        """The part of what is not given out turn by turn that is for this daemon: all of it, for one that is alone."""
        return 1.0

    def room(self, most: int) -> int:
        """How many items are worth having in hand: what the rate allows in a moment, at most `most`."""
        now = self._clock.monotonic()
        if self._held(now):
            return 0
        bucket = self._refilled(now)
        soon = bucket.level + bucket.rate * AHEAD
        return max(0, min(int(soon), most))

    def seconds_to_next(self) -> float:
        """Seconds until a token is there."""
        now = self._clock.monotonic()
        bucket = self._refilled(now)
        return self._held(now) + max(0.0, 1.0 - bucket.level) / bucket.rate

    async def turn(self, patience: float = PATIENCE) -> bool:
        """Wait for a token; False, and none taken, when that would take longer than `patience` seconds."""
        now = self._clock.monotonic()
        at = max(self._held_until, now)
        bucket, wait = take(self._bucket, at, pace(self._throttle, now))
        wait += at - now
        if wait > patience:
            return False
        self._bucket = bucket
        if wait:
            await anyio.sleep(wait)
        has_turn(now + wait)
        return True

    def charge(self, requests: int) -> None:
        """Account for requests beyond the one that a turn was for."""
        if requests > 0:
            bucket = self._refilled(self._clock.monotonic())
            self._bucket = bucket._replace(level=bucket.level - requests)

    async def slow_down(self, seconds: float | None) -> None:
        """The other side said "too many requests", and how long to leave it alone, if it said so."""
        self._throttle = throttled(self._throttle, self._clock.monotonic())
        if seconds:
            await self.hold(seconds)

    async def hold(self, seconds: float) -> None:
        """Nobody's turn for the next `seconds`: the other side asked to be left alone. Nothing is saved up meanwhile."""
        now = self._clock.monotonic()
        bucket = self._refilled(now)
        self._held_until = max(self._held_until, now + seconds)
        self._bucket = bucket._replace(level=min(bucket.level, 1.0), at=self._held_until)

    def _held(self, now: float) -> float:
        return max(0.0, self._held_until - now)

    def _refilled(self, now: float) -> Bucket:
        """The bucket now, or as it will be at the end of a hold."""
        at = max(now, self._held_until)
        return Bucket(rate=pace(self._throttle, now), level=available(self._bucket, at), at=at)
