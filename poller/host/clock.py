"""The clocks of this machine."""

import time


class SystemClock:
    """Wall-clock and monotonic time, both in seconds."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment in the past; never goes back."""
        return time.monotonic()
