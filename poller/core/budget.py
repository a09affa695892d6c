"""A request budget as arithmetic on `now`: a token bucket that refills evenly."""

from dataclasses import dataclass
from typing import Final, NamedTuple

BURST: Final = 0.2  # seconds of `rate` that may be saved up: paced, never a hammer after a pause


class Bucket(NamedTuple):
    """`rate` tokens a second, at most `capacity` saved up. `level` was true at `at` (seconds); it may be owed (below zero).

    A tuple: one is made per request.
    """

    rate: float
    level: float
    at: float

    @property
    def capacity(self) -> float:
        """How many requests may follow each other without a pause; never less than one."""
        return max(1.0, self.rate * BURST)


def fresh_bucket(rate: float, now: float) -> Bucket:
    """A bucket that lets the first request through at once."""
    return Bucket(rate=rate, level=1.0, at=now)


def available(bucket: Bucket, now: float) -> float:
    """Tokens at `now`. A clock that went backwards gives none and takes none."""
    came = (now - bucket.at) * bucket.rate if now > bucket.at else 0.0
    return min(bucket.capacity, bucket.level + came)


def take(bucket: Bucket, now: float, rate: float | None = None) -> tuple[Bucket, float]:
    """Reserve one token: the bucket afterwards, and how many seconds to wait before using it (0 when it is there).

    `rate` is that of the bucket from now on, where it changes.
    """
    level = available(bucket, now) - 1.0
    rate = rate or bucket.rate
    return Bucket(rate=rate, level=level, at=now), max(0.0, -level / rate)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Leave to send `requests` requests, one every `step` seconds, the first in `first` seconds (below zero: it is overdue).

    Without requests `first` is when to ask again. `pace` is what the source takes now, in requests a second.
    """

    first: float
    requests: int
    step: float
    pace: float
