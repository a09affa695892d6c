"""How a source's request budget is spent: which way states are read, how often, and what that leaves for logs. Pure.

Reading states by list pages costs one request for 100 jobs, watched or not; by detail calls one for each watched job. Detail calls
also bring logs, so under a sweep they go on as a rotation with what the budget leaves (`core.rotation`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from poller.core.rotation import Group, calls, threshold_for

PAGE: Final = 100  # jobs of a list page (FACTS.md)
DISCOVER_EVERY: Final = 300.0  # seconds between two sweeps that only look for new jobs
RESERVE: Final = 0.2  # of the budget that a sweep leaves for changed jobs and the rotation, so that nothing starves

Sweep: TypeAlias = Literal["auto", "list", "detail"]
Mode: TypeAlias = Literal["list", "detail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What there is to watch. `listed` is how many jobs the list has, None when unknown or when there is no list.

    `every` is how often the most urgent job's state should be read (seconds), `changes` how many states change a second.
    """

    groups: tuple[Group, ...]
    every: float
    listed: int | None
    changes: float = 0.0

    @property
    def jobs(self) -> int:
        """How many jobs are watched."""
        return sum(group.jobs for group in self.groups)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Requests a second by purpose, and what they lead to.

    `sweep_every` is the seconds between two beginnings of a sweep (None without one); `threshold` is that of `core.rotation`;
    `stretch` says how much longer than wished the rests are because the budget is short (1: as wished).
    """

    mode: Mode
    pages: int
    sweep_every: float | None
    changed: float
    sweep: float
    rotation: float
    threshold: float
    stretch: float

    @property
    def total(self) -> float:
        """All requests a second."""
        return self.changed + self.sweep + self.rotation


def plan(demand: Demand, *, rate: float, sweep: Sweep) -> Plan:
    """Spend `rate` requests a second.

    `auto` takes the way of reading states that costs fewer requests: detail calls as long as the budget allows as many as wished,
    since they bring the logs as well; beyond that whichever reads every state in less time.
    """
    wished = calls(demand.groups, 0.0)
    by_detail = _by_detail(demand, wished, rate)
    if sweep == "detail" or demand.listed is None or not demand.groups:
        return by_detail
    by_list = _by_list(demand, rate)
    if sweep == "list":
        return by_list
    affordable = by_detail.stretch <= 1.0
    return by_detail if affordable or by_detail.stretch <= by_list.stretch else by_list


def pages_of(listed: int) -> int:
    """Requests of one sweep: an empty list is a page as well."""
    return max(1, math.ceil(listed / PAGE))


def detail_delays(demand: Demand, made: Plan) -> Sequence[float]:
    """Seconds between two detail calls of a job, for each group."""
    return [max(group.every, math.sqrt(made.threshold / group.rate)) for group in demand.groups]


def _by_detail(demand: Demand, wished: float, rate: float) -> Plan:
    threshold = threshold_for(demand.groups, rate)
    spent = calls(demand.groups, threshold) if demand.groups else 0.0
    return Plan(
        mode="detail",
        pages=0,
        sweep_every=None,
        changed=0.0,
        sweep=0.0,
        rotation=spent,
        threshold=threshold,
        stretch=max(1.0, wished / rate),
    )


def _by_list(demand: Demand, rate: float) -> Plan:
    pages = pages_of(demand.listed or 0)
    changed = min(demand.changes, rate * RESERVE)
    sweep_every = max(demand.every, pages / (rate * (1 - RESERVE)))
    sweep = pages / sweep_every
    left = max(rate - changed - sweep, rate * RESERVE / 2)
    threshold = threshold_for(demand.groups, left)
    return Plan(
        mode="list",
        pages=pages,
        sweep_every=sweep_every,
        changed=changed,
        sweep=sweep,
        rotation=calls(demand.groups, threshold),
        threshold=threshold,
        stretch=max(1.0, sweep_every / demand.every),
    )
