"""The clocks of this machine."""

import time
from typing import Final

_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """Wall-clock and monotonic time, both in seconds: `now` since 1970 UTC, `monotonic` since some moment in the past; never goes back.

    The system's own functions as they are: a poll looks at the clock some ten times.
    """

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class AlignedClock:
    """The time of somebody else, a database server, carried on by a clock of this machine that nobody sets.

    It goes on while the machine sleeps, where the system has such a clock: what was lent before is then known to be over.
    """

    def __init__(self) -> None:
        self._offset = time.time() - self.monotonic()

    def now(self) -> float:
        """Seconds since 1970 UTC there, as far as it was aligned."""
        return self.monotonic() + self._offset

    def monotonic(self) -> float:
        """Seconds since some moment in the past; never goes back."""
        return time.clock_gettime(_STEADY)

    def align(self, there: float, *, asked_at: float) -> None:
        """It is `there` over there, as the answer to a question asked at `asked_at` (`monotonic`) says that arrived just now."""
        self._offset = there - (asked_at + self.monotonic()) / 2
