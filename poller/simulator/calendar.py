"""Two clocks: the real one, and the vendor's, which starts at `epoch` and runs `speed` times as fast."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """All in seconds since 1970. At the real time `started_at` the vendor's clock shows `epoch`."""

    started_at: float
    epoch: int
    speed: float

    def simulated(self, now: float) -> float:
        """The vendor's time at the real time `now`."""
        return self.epoch + (now - self.started_at) * self.speed

    def real(self, at: float) -> float:
        """The real time at which the vendor's clock shows `at`."""
        return self.started_at + (at - self.epoch) / self.speed
