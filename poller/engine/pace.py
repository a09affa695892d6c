"""Holding the seats of one source, or of one notifier, to its rate."""

from typing import Final

import anyio

from poller.core.budget import available, fresh_bucket, hold, take
from poller.engine.ports import Clock

AHEAD: Final = 0.25  # seconds of budget that may be claimed ahead of the seats
PATIENCE: Final = 2.0  # seconds that a seat waits for its turn; beyond that its item goes back to the rows


class Pace:
    """One token bucket shared by all seats. Time is monotonic: a clock that jumps neither stalls nor bursts."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._bucket = fresh_bucket(rate, clock.monotonic())

    def room(self, most: int) -> int:
        """How many items are worth having in hand: what the rate allows in a moment, at most `most`."""
        soon = available(self._bucket, self._clock.monotonic()) + self._bucket.rate * AHEAD
        return max(0, min(int(soon), most))

    def seconds_to_next(self) -> float:
        """Seconds until a token is there."""
        return max(0.0, 1.0 - available(self._bucket, self._clock.monotonic())) / self._bucket.rate

    async def turn(self) -> bool:
        """Wait for a token; False, and none taken, when that would take longer than a seat should wait."""
        bucket, wait = take(self._bucket, self._clock.monotonic())
        if wait > PATIENCE:
            return False
        self._bucket = bucket
        if wait:
            await anyio.sleep(wait)
        return True

    def hold(self, seconds: float) -> None:
        """Nobody's turn for the next `seconds`: the other side asked for it."""
        self._bucket = hold(self._bucket, self._clock.monotonic(), seconds)
