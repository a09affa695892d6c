"""What a configuration leads to: requests by purpose, how late a change is seen, and what to change when that is too much or too late.

Pure. It takes the same decision as the running daemon does (`core.plan`), and reads the delays off it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from poller.core.plan import DISCOVER_EVERY, Demand, Plan, Sweep, detail_delays, pages_of, plan
from poller.core.rotation import PRIOR_ENTRIES, PRIOR_SECONDS, Group
from poller.core.vocabulary import CLASSES, StateClass

PRIOR_RATE: Final = PRIOR_ENTRIES / PRIOR_SECONDS  # log entries a second of a job of which nothing is known
LATE: Final = 10.0  # seconds after its due time from which on a poll counts as overdue


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """Watched jobs alike: of one class, with one rate of log entries (a second)."""

    state_class: StateClass
    rate: float
    jobs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What the storage knows of a source: its polled jobs, how many polls are overdue, changes of state a second.

    `stays` holds by state how long earlier stays in it took, in seconds.
    """

    crowds: tuple[Crowd, ...]
    overdue: int
    changes: float
    stays: Mapping[str, Sequence[float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What the configuration says of a source. `rate` is in requests a second, `every` in seconds."""

    rate: float
    sweep: Sweep
    every: Mapping[StateClass, float]
    can_list: bool
    discovers: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """Seconds from a change upstream to its detection: the mean, and the longest; the time of the call itself left out."""

    typical: float
    worst: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassDelays:
    """How late is seen what happens to the jobs of a class: a change of state, and a log entry that comes without one."""

    state_class: StateClass
    jobs: int
    every: float
    state_change: Delay
    log_entry: Delay


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """The plan that the daemon makes, and what it leads to. `sweep` counts sweeps that only look for new jobs as well.

    `needed` is how many requests a second it would take to look as often as wished.
    """

    plan: Plan
    rate: float
    jobs: int
    listed: int | None
    sweep: float
    needed: float
    classes: tuple[ClassDelays, ...]

    @property
    def total(self) -> float:
        """All requests a second."""
        return self.plan.changed + self.sweep + self.plan.rotation

    @property
    def used(self) -> float:
        """The share of the budget that is spent; above 1 when it is not enough."""
        return self.total / self.rate


def forecast(terms: Terms, crowds: Sequence[Crowd], *, listed: int | None, changes: float = 0.0) -> Forecast:
    """What these jobs lead to. `listed` is how many jobs the list has, None when unknown; `changes` of state a second."""
    demand = _demand(terms, crowds, listed=listed, changes=changes)
    made = plan(demand, rate=terms.rate, sweep=terms.sweep)
    discovery = pages_of(listed or 0) / DISCOVER_EVERY if terms.discovers and made.mode == "detail" else 0.0
    return Forecast(
        plan=made,
        rate=terms.rate,
        jobs=demand.jobs,
        listed=demand.listed,
        sweep=made.sweep + discovery,
        needed=_needed(demand, made) + discovery,
        classes=tuple(_delays(crowds, demand, made)),
    )


def _demand(terms: Terms, crowds: Sequence[Crowd], *, listed: int | None, changes: float) -> Demand:
    """The crowds as the plan takes them, in their order."""
    groups = tuple(Group(jobs=one.jobs, every=terms.every[one.state_class], rate=one.rate) for one in crowds)
    every = min((group.every for group in groups), default=min(terms.every.values()))
    return Demand(groups=groups, every=every, listed=listed if terms.can_list else None, changes=changes)


def imagined(crowds: Sequence[Crowd], jobs: int) -> list[Crowd]:
    """As many jobs, in the proportions of `crowds`; where there are none, jobs that work and of which nothing is known."""
    there = sum(crowd.jobs for crowd in crowds)
    if not there:
        return [Crowd(state_class="active", rate=PRIOR_RATE, jobs=jobs)] if jobs else []
    scaled: list[Crowd] = []
    seen = given = 0
    for crowd in crowds:
        seen += crowd.jobs
        share = jobs * seen // there - given  # the remainders add up: in all it is `jobs`
        given += share
        if share:
            scaled.append(Crowd(state_class=crowd.state_class, rate=crowd.rate, jobs=share))
    return scaled


def _needed(demand: Demand, made: Plan) -> float:
    if made.sweep_every is None:
        return sum(group.jobs / group.every for group in demand.groups)
    return made.total - made.sweep + made.pages / demand.every


def _delays(crowds: Sequence[Crowd], demand: Demand, made: Plan) -> list[ClassDelays]:
    looks = list(zip(crowds, detail_delays(demand, made), strict=True))
    found: list[ClassDelays] = []
    for state_class in CLASSES:
        mine = [(crowd, between) for crowd, between in looks if crowd.state_class == state_class]
        if mine:
            every = next(g.every for c, g in zip(crowds, demand.groups, strict=True) if c.state_class == state_class)
            found.append(_class_delays(state_class, every, mine, made.sweep_every))
    return found


def _class_delays(
    state_class: StateClass, every: float, looks: Sequence[tuple[Crowd, float]], sweep_every: float | None
) -> ClassDelays:
    """An entry comes at any moment between two looks, so that it waits for half of the time between them on average.

    A job that brings more entries weighs more in the mean of entries; every job has its changes of state.
    """
    jobs = sum(crowd.jobs for crowd, _ in looks)
    states = [(crowd.jobs, between if sweep_every is None else min(between, sweep_every)) for crowd, between in looks]
    entries = [(crowd.jobs * crowd.rate, between) for crowd, between in looks]
    return ClassDelays(
        state_class=state_class, jobs=jobs, every=every, state_change=_delay(states), log_entry=_delay(entries)
    )


def _delay(looks: Sequence[tuple[float, float]]) -> Delay:
    weight = sum(share for share, _ in looks)
    return Delay(
        typical=sum(share * between for share, between in looks) / weight / 2,
        worst=max(between for _, between in looks),
    )
