"""Measuring two sides in turn, A B A B …, so that whatever else the machine does meets both."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.bench.telling import say


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """So much was done at an instant; `busy` is the processor time of this process, all its threads together."""

    done: int
    at: float
    busy: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Lap:
    """What was done between two marks."""

    done: int
    seconds: float
    busy: float

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.done / self.seconds

    @property
    def cost(self) -> float:
        """Processor time of one, in seconds."""
        return self.busy / self.done


Side: TypeAlias = Callable[[], Awaitable[Lap]]


def mark(done: int) -> Mark:
    """Now."""
    return Mark(done=done, at=time.perf_counter(), busy=time.process_time())


def lap(start: Mark, end: Mark) -> Lap:
    """From one mark to another."""
    return Lap(done=end.done - start.done, seconds=end.at - start.at, busy=end.busy - start.busy)


async def alternate(rounds: int, *sides: Side) -> list[list[Lap]]:
    """Each side's laps. A first round, which nobody looks at, warms up both."""
    laps: list[list[Lap]] = [[] for _ in sides]
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}" if number else "warming up")
        for side, own in zip(sides, laps, strict=True):
            own.append(await side())
    return [own[1:] for own in laps]


def median_rate(laps: Sequence[Lap]) -> float:
    """How many a second, in the lap in the middle."""
    return statistics.median(lap.rate for lap in laps)


def ratio(ours: Sequence[Lap], theirs: Sequence[Lap]) -> float:
    """How many times as fast as they: the median of neighbours' ratios, since a machine whose speed drifts is equally quick for both."""
    return statistics.median(_ratios(ours, theirs))


def spread(ours: Sequence[Lap], theirs: Sequence[Lap]) -> str:
    """From which to which ratio neighbours differ."""
    found = _ratios(ours, theirs)
    return f"neighbouring laps {min(found):.2f}x to {max(found):.2f}x"


def _ratios(ours: Sequence[Lap], theirs: Sequence[Lap]) -> list[float]:
    return [own.rate / other.rate for own, other in zip(ours, theirs, strict=True)]


def costs(ours: Sequence[Lap], theirs: Sequence[Lap]) -> str:
    """The processor time of one on both sides: it varies less than a rate when others use the machine too."""
    own, other = (statistics.median(lap.cost for lap in laps) * 1e6 for laps in (ours, theirs))
    return f"processor time {own:,.0f} µs against {other:,.0f} µs"
