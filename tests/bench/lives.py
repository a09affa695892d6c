"""Jobs whose log entries come at rates of their own: what the rotation of detail calls has to find. Random numbers with a seed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from poller.core.rotation import age_of

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
# States of an avatar job, and how many log entries without a change of state come a day in each, for a job of the middle.
PER_DAY: Final[Mapping[str, float]] = {
    "TRAINING_DATA_PREPROCESSING": 24.0,
    "TRAINING": 8.0,
    "MANUAL_STOP_INFERENCE_DATA_PREPROCESSING": 3.0,
    "WAIT_ADMIN_CONFIRM": 1.0,
    "WAIT_USER_CONFIRM": 0.3,
    "JOB_SUCCESS": 0.1,
}
BY_AGE: Final = (4.0, 2.0, 1.0, 0.5, 0.25)  # more comes soon after a change of state: factors of `age_of`
OWN_SPREAD: Final = 1.0  # standard deviation of the logarithm of a job's own factor
STAY: Final = 12 * HOUR  # in a state, on average
_STATES: Final = tuple(PER_DAY)
_BOUNDS: Final = (0.0, 1 * HOUR, 4 * HOUR, 24 * HOUR, 72 * HOUR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """From `begins` on a job is in `state`, since `since`, and its entries come at `rate` a second."""

    begins: float
    state: str
    since: float
    rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """A job from 0 to the end of the world; `entries` are instants."""

    stretches: tuple[Stretch, ...]
    entries: tuple[float, ...]


def lives(count: int, *, until: float) -> list[Life]:
    """So many jobs, each the same in every run."""
    chance = Random(1)
    return [_life(chance, until) for _ in range(count)]


def _life(chance: Random, until: float) -> Life:
    own = math.exp(chance.gauss(0.0, OWN_SPREAD))
    stretches = tuple(_stretches(chance, own, until))
    ends = [*(one.begins for one in stretches[1:]), until]
    entries = [at for one, end in zip(stretches, ends, strict=True) for at in _arrivals(chance, one, end)]
    return Life(stretches=stretches, entries=tuple(entries))


def _stretches(chance: Random, own: float, until: float) -> Iterator[Stretch]:
    """At 0 each job is in some state for some time already."""
    since = -chance.expovariate(1 / STAY)
    ends = chance.expovariate(1 / STAY)
    while since < until:
        state = chance.choice(_STATES)
        for age, bound in enumerate(_BOUNDS):
            over = since + _BOUNDS[age + 1] if age + 1 < len(_BOUNDS) else math.inf
            begins = max(0.0, since + bound)
            if over > 0.0 and begins < min(ends, until):
                rate = PER_DAY[state] / DAY * BY_AGE[age_of(bound)] * own
                yield Stretch(begins=begins, state=state, since=since, rate=rate)
        since, ends = ends, ends + chance.expovariate(1 / STAY)


def _arrivals(chance: Random, stretch: Stretch, end: float) -> Iterator[float]:
    at = stretch.begins + chance.expovariate(stretch.rate)
    while at < end:
        yield at
        at += chance.expovariate(stretch.rate)
