"""The pace of a source that the upstream throttles: answers of "too many requests" slow it down, quiet speeds it up again.

The curve after a throttled answer is that of CUBIC (RFC 9438 section 4): quickly back to just below the pace that was too much, then
a long flat stretch there, then carefully beyond. So nearly all of what the upstream allows is used, and it is rarely asked for more.
"""

from dataclasses import dataclass, replace
from typing import Final

HALVED: Final = 0.5  # a throttled answer halves the pace
RECOVERY: Final = 20.0  # seconds until the pace is back where it was too much
SETTLE: Final = 1.0  # seconds during which further throttled answers are the echo of the same excess
FLOOR_SHARE: Final = 0.01  # of the configured rate: it always goes on
JUST_BELOW: Final = 0.95  # of the pace that was too much: where the flat stretch is


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttle:
    """`rate` is what the configuration allows, in requests a second. `limit` is the pace that was last too much, at `cut_at`."""

    rate: float
    limit: float | None = None
    cut_at: float = 0.0


def pace(throttle: Throttle, now: float) -> float:
    """Requests a second to send now; never above `rate`."""
    if throttle.limit is None:
        return throttle.rate
    plateau = throttle.limit * JUST_BELOW
    since = max(0.0, now - throttle.cut_at)
    depth = plateau - throttle.limit * HALVED
    curve = plateau + depth * ((since - RECOVERY) / RECOVERY) ** 3
    return min(max(curve, throttle.rate * FLOOR_SHARE), throttle.rate)


def throttled(throttle: Throttle, now: float) -> Throttle:
    """After an answer "too many requests"."""
    if throttle.limit is not None and now - throttle.cut_at < SETTLE:
        return throttle
    return replace(throttle, limit=pace(throttle, now), cut_at=now)
