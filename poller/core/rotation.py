"""Which job to look at next, when the budget does not allow to look at all of them as often as wished.

List pages tell states, not logs: a log entry without a change of state is found by a detail call only. With entries of job i coming
at rate r_i and the job looked at every T_i, the mean delay is lowest for a given number of calls when the calls are shared out in
proportion to the square roots of the rates: T_i = sqrt(threshold / r_i), with one threshold for all (minimise the sum of r_i * T_i
with the sum of 1 / T_i fixed). It is the same as to look at each job once r_i * (time since its last look)^2 reaches the threshold.
Sources: Azar et al. 2018, PNAS 115:32; Busa-Fekete et al. 2025, arXiv 2502.02430.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import add, mul
from typing import Final

PRIOR_ENTRIES: Final = 1.0  # one entry ...
PRIOR_SECONDS: Final = 6 * 3600.0  # ... in six hours: what is assumed of a state that was never watched
OWN_ENTRIES: Final = 2.0  # how many entries a job's own past has to outweigh: jobs of one state differ that much
RATE_FLOOR: Final = 1 / (7 * 86400.0)  # entries a second: nobody is forgotten
RATE_CAP: Final = 1.0  # entries a second
AGES: Final = (
    3600.0,
    4 * 3600.0,
    24 * 3600.0,
    72 * 3600.0,
)  # seconds in a state: what comes soon after a change differs from later
_UPPER: Final = (*AGES, math.inf)
_BUCKETS: Final = tuple(zip((0.0, *AGES), _UPPER, strict=True))
_HALVINGS: Final = 60  # of the search for the threshold: far finer than a second


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """How many entries came without a change of state, over how many seconds of watching."""

    entries: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Jobs alike: how many, how often each would be looked at if the budget allowed (seconds), and their rate of entries."""

    jobs: int
    every: float
    rate: float


def age_of(seconds_in_state: float) -> int:
    """The bucket of this age: 0 up to one hour in the state, then 4 hours, a day, three days, more."""
    return bisect_right(AGES, seconds_in_state)


def usual(state: History) -> float:
    """Entries a second of a job of which only its state, and its age in it, are known."""
    return (state.entries + PRIOR_ENTRIES) / (state.seconds + PRIOR_SECONDS)


def spread(begin: float, end: float) -> list[float]:
    """How the seconds between two ages are spread over the buckets of `age_of`."""
    return [max(0.0, min(end, over) - max(begin, bound)) for bound, over in _BUCKETS]


def spread_all(ages: Iterable[tuple[float, float]]) -> list[float]:
    """The sum of `spread` for many pairs of ages: of each poll there is one, and most lie in one bucket."""
    total = [0.0] * len(_BUCKETS)
    for begin, end in ages:
        bucket = age_of(begin)
        if begin >= 0 and end < _UPPER[bucket]:
            total[bucket] += max(0.0, end - begin)
        else:
            total = list(map(add, total, spread(begin, end)))
    return total


def expected(usuals: Sequence[float], seconds: Sequence[float]) -> float:
    """How many entries are usual in these seconds; both by bucket."""
    total: float = sum(map(mul, usuals, seconds))
    return total


def expected_between(usuals: Sequence[float], begin: float, end: float) -> float:
    """How many entries are usual between two ages; what is usual is by bucket."""
    bucket = age_of(begin)
    if begin >= 0 and end < _UPPER[bucket]:
        return usuals[bucket] * max(0.0, end - begin)
    return expected(usuals, spread(begin, end))


def shared(entries: float, usuals: Sequence[float], seconds: Sequence[float]) -> list[float]:
    """Entries that came at some time in these seconds, told apart by what is usual; all by bucket.

    It is the first half of a step of expectation maximisation: the shares get better as looks become shorter than a bucket.
    """
    factor = entries / (expected(usuals, seconds) or 1.0)
    return [rate * time * factor for rate, time in zip(usuals, seconds, strict=True)]


def shared_all(usuals: Sequence[float], looks: Iterable[tuple[float, tuple[float, float]]]) -> list[float]:
    """The sum of `shared` for many looks: the entries that each of them brought, and the ages between which they came."""
    total = [0.0] * len(_BUCKETS)
    for entries, (begin, end) in looks:
        bucket = age_of(begin)
        if 0 <= begin < end < _UPPER[bucket]:
            total[bucket] += entries
        else:
            total = list(map(add, total, shared(entries, usuals, spread(begin, end))))
    return total


def estimate(usual: float, entries: float, expected: float) -> float:
    """Entries a second to expect of a job: what is usual now, times how the job's own past in this state compares with the usual.

    `entries` came where `expected` were usual. It is the mean of a gamma distribution of that factor, around 1 in the beginning.
    """
    rate = usual * (entries + OWN_ENTRIES) / (expected + OWN_ENTRIES)
    return min(max(rate, RATE_FLOOR), RATE_CAP)


def interval(rate: float, every: float, threshold: float) -> float:
    """Seconds between two looks at a job; never shorter than `every`, which is what the operator asked for."""
    return max(every, math.sqrt(threshold / rate)) if threshold else every


def calls(groups: Sequence[Group], threshold: float) -> float:
    """Detail calls a second that this threshold leads to."""
    return sum(group.jobs / interval(group.rate, group.every, threshold) for group in groups)


def threshold_for(groups: Sequence[Group], budget: float) -> float:
    """The lowest threshold that keeps to `budget` calls a second; 0 when all can be looked at as often as wished."""
    if budget <= 0:
        return math.inf
    if calls(groups, 0.0) <= budget:
        return 0.0
    low, high = 0.0, max(group.rate for group in groups) * (sum(group.jobs for group in groups) / budget) ** 2
    while calls(groups, high) > budget:
        high *= 4
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if calls(groups, middle) > budget else (low, middle)
    return high
