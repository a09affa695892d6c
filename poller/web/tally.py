"""What is counted while the daemon works, as plain numbers: counting costs next to nothing, and knows no metrics library.

It outlives a reload. Whoever counts is put around the parts of the engine in `daemon`; `metrics` shows it.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

# Seconds. An exchange takes milliseconds to its time-out, a change is seen after seconds to hours.
EXCHANGE_BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LAG_BOUNDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0, 86400.0)


class Spread:
    """How often a value was at most each of `bounds` (ascending), or above them all; and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Keys are names: (source, outcome), (source, status), (source, event type), (notifier, outcome). Never a job's.

    `read` holds the sources that have answered since the start of the daemon.
    """

    polls: Counter[tuple[str, str]] = field(default_factory=Counter)
    poll_seconds: defaultdict[str, Spread] = field(
        default_factory=partial(defaultdict, partial(Spread, EXCHANGE_BOUNDS))
    )
    pages: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    lag: defaultdict[str, Spread] = field(default_factory=partial(defaultdict, partial(Spread, LAG_BOUNDS)))
    attempts: defaultdict[str, Spread] = field(default_factory=partial(defaultdict, partial(Spread, EXCHANGE_BOUNDS)))
    deliveries: Counter[tuple[str, str]] = field(default_factory=Counter)
    store_errors: Counter[str] = field(default_factory=Counter)
    read: set[str] = field(default_factory=set)
