"""How soon log entries without a change of state are found by a rotation of detail calls. Virtual clock: a discrete simulation.

States are swept: a change of state is looked at at once, whatever the policy, at no cost to the rotation. Each policy sees the same
lives and has the same number of detail calls, one every 1 / `CALLS` seconds.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, Protocol

from poller.core.cadence import next_due
from poller.core.rotation import PRIOR_ENTRIES, PRIOR_SECONDS, Group, interval, threshold_for
from poller.core.vocabulary import StateClass
from poller.core.work import Due, Poll, StatePulse
from poller.engine.learner import Learner
from poller.store.surveying import alike
from tests.bench.figure import Figure
from tests.bench.lives import DAY, Life, Stretch, lives
from tests.bench.scale import Scale
from tests.bench.telling import say

CALLS: Final = 1.5  # detail calls a second that the budget leaves
PRIOR_RATE: Final = PRIOR_ENTRIES / PRIOR_SECONDS  # of a job that was never looked at
EVERY: Final = 10.0  # seconds; how often each job would be looked at if the budget allowed
PLAN_EVERY: Final = 300.0  # virtual seconds between two thresholds; the governor makes one every 10
AFTER: Final = 0.25  # of the counted time goes on at the end, so that late entries are found too
NEVER_LOOKED: Final = -1000 * DAY  # due before all others
HOW: Final = (
    "virtual clock, {days:g} days from a cold start: {jobs:,} jobs in 6 states with 0.1 to 24 entries a day, factors by age 4 to 0.25, a "
    "log-normal one of its own for each job, 12 h in a state; {calls:g} detail calls a second"
)


class Policy(Protocol):
    """Decides when a job is looked at again. Times are virtual seconds."""

    def looked(self, job: int, stretch: Stretch, entries: int, *, moved: bool, now: float) -> float:
        """A look found so many entries: when the next one is due."""
        ...

    def plan(self) -> None:
        """Time to see to the threshold."""
        ...


class RoundRobin:
    """Each in turn."""

    def __init__(self) -> None:
        self._turn = 0.0

    def looked(self, job: int, stretch: Stretch, entries: int, *, moved: bool, now: float) -> float:
        """At the end of the queue."""
        self._turn += 1e-6  # a time long past: the queue is never idle, and keeps its order
        return self._turn - DAY

    def plan(self) -> None:
        """Nothing to plan."""


class Rotation:
    """As the governor does it: one threshold for all, the rate of each job rounded to a factor of two. Where rates come from differs."""

    def __init__(self, jobs: int) -> None:
        self._rates: list[float | None] = [PRIOR_RATE] * jobs
        self._groups: Counter[float] = Counter({PRIOR_RATE: jobs})
        self._dice = Random(2)
        self._threshold = 0.0

    def rate(self, job: int, stretch: Stretch, entries: int, *, moved: bool, now: float) -> float:
        """Entries a second to expect."""
        raise NotImplementedError

    def looked(self, job: int, stretch: Stretch, entries: int, *, moved: bool, now: float) -> float:
        """An interval by rate and threshold."""
        rate = self.rate(job, stretch, entries, moved=moved, now=now)
        self._regroup(job, alike(rate))
        return next_due(now=now, every=interval(rate, EVERY, self._threshold), spread=self._dice.random())

    def plan(self) -> None:
        """As `core.plan` does it for what a sweep leaves."""
        groups = [Group(jobs=jobs, every=EVERY, rate=rate) for rate, jobs in self._groups.items() if jobs]
        self._threshold = threshold_for(groups, CALLS) if groups else 0.0

    def _regroup(self, job: int, rate: float | None) -> None:
        before, self._rates[job] = self._rates[job], rate
        if before is not None:
            self._groups[before] -= 1
        if rate is not None:
            self._groups[rate] += 1


class Knowing(Rotation):
    """The optimum: it knows the true rates."""

    def rate(self, job: int, stretch: Stretch, entries: int, *, moved: bool, now: float) -> float:
        """The true one of now."""
        return stretch.rate


class Learning(Rotation):
    """What poller does: `engine.learner` from a cold start."""

    def __init__(self, jobs: int, learner: Learner) -> None:
        super().__init__(jobs)
        self._learner = learner
        self._dues = [_due(job, 0.0) for job in range(jobs)]

    def rate(self, job: int, stretch: Stretch, entries: int, *, moved: bool, now: float) -> float:
        """Estimated as the recorder does it, by what the look has brought; then learned from."""
        due = self._dues[job]
        quiet = 0 if moved else due.quiet_entries + entries
        poll = Poll(key=job, revision=1, due_at=None, seen_at=now, quiet_entries=quiet)
        since = self._dues[job] = _due(job, now, stretch, quiet)
        rate = self._learner.rate(since, now)
        if not moved:
            self._learner.observe([(due, poll)])
        return rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a policy led to: the mean delay of the entries in seconds, how many there were, and how many calls were made."""

    delay: float
    entries: int
    calls: int


class EmptyRoll:
    """A storage in which nothing was learned yet."""

    async def began(self, source: str, *, now: float) -> float:
        """Just now."""
        return now

    async def pulses(self, source: str) -> Sequence[StatePulse]:
        """None."""
        return ()


async def rotation(scratch: Path, scale: Scale) -> list[Figure]:
    """Three policies, the same lives."""
    jobs, until = scale.listed, scale.days * DAY
    say("making lives")
    world = lives(jobs, until=until * (1 + AFTER))
    learner = Learner("bench", EmptyRoll(), Standing())  # type: ignore[arg-type]  # of the roll it loads only
    await learner.load()
    found = {}
    for name, policy in (("turn", RoundRobin()), ("known", Knowing(jobs)), ("ours", Learning(jobs, learner))):
        say(f"{scale.days:g} virtual days, rates: {name}")
        found[name] = _simulate(world, policy, until)
    return _figures(found, HOW.format(days=scale.days, jobs=jobs, calls=CALLS))


@dataclass(frozen=True, slots=True)
class Standing:
    """A clock that nobody looks at but once."""

    def now(self) -> float:
        """The beginning."""
        return 0.0

    def monotonic(self) -> float:
        """The beginning."""
        return 0.0


class _Job:
    """Where a simulation is in one life: which stretch it is in, which entries were found."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._stretch = 0
        self._found = 0

    def look(self, now: float, until: float) -> tuple[Stretch, int, float, int]:
        """The stretch of now, how many entries are new, and, of those before `until`, the sum of their delays and their number."""
        stretches, entries = self.life.stretches, self.life.entries
        while self._stretch + 1 < len(stretches) and stretches[self._stretch + 1].begins <= now:
            self._stretch += 1
        begin = self._found
        delay, counted = 0.0, 0
        while self._found < len(entries) and entries[self._found] <= now:
            if entries[self._found] < until:
                delay, counted = delay + now - entries[self._found], counted + 1
            self._found += 1
        return stretches[self._stretch], self._found - begin, delay, counted


def _simulate(world: Sequence[Life], policy: Policy, until: float) -> Outcome:
    """Two queues: changes of state, looked at when they come, and the rotation, one call at a time. Entries before `until` count."""
    jobs = [_Job(life) for life in world]
    due = [NEVER_LOOKED] * len(jobs)
    queue = [(at, number) for number, at in enumerate(due)]
    delay, entries, calls = 0.0, 0, 0
    for now, moved in _looks(world, until * (1 + AFTER)):
        if moved is None:
            policy.plan()
            continue
        number = moved if moved >= 0 else _claim(queue, due, now)
        if number is None:
            continue
        stretch, new, late, counted = jobs[number].look(now, until)
        delay, entries, calls = delay + late, entries + counted, calls + (moved < 0)
        due[number] = policy.looked(number, stretch, new, moved=moved >= 0, now=now)
        heapq.heappush(queue, (due[number], number))
    return Outcome(delay=delay / max(1, entries), entries=entries, calls=calls)


def _claim(queue: list[tuple[float, int]], due: Sequence[float], now: float) -> int | None:
    """The job that is due longest; None when none is. What a look has superseded in the queue is skipped."""
    while queue[0][0] != due[queue[0][1]]:
        heapq.heappop(queue)
    return heapq.heappop(queue)[1] if queue[0][0] <= now else None


def _looks(world: Sequence[Life], until: float) -> Iterator[tuple[float, int | None]]:
    """In order of time: a job's change of state (its number), a call to spend (-1), time to plan (None)."""
    changes = [
        (stretch.begins, number)
        for number, life in enumerate(world)
        for stretch in life.stretches
        if stretch.begins == stretch.since
    ]
    calls = ((number / CALLS, -1) for number in range(int(until * CALLS)))
    plans = ((number * PLAN_EVERY, None) for number in range(int(until / PLAN_EVERY)))
    return heapq.merge(sorted(changes), calls, plans, key=lambda look: look[0])


def _due(job: int, now: float, stretch: Stretch | None = None, quiet_entries: int = 0) -> Due:
    """The job as it is claimed, when its last look was `now`."""
    return Due(
        key=job,
        source="bench",
        job_id=str(job),
        app_user_id=None,
        labels={},
        state=None if stretch is None else stretch.state,
        state_class=_CLASS,
        state_since=now if stretch is None else stretch.since,
        digest=None,
        revision=1,
        failures=0,
        absences=0,
        missing=False,
        looked_at=None if stretch is None else now,
        first_looked_at=0.0,
        quiet_entries=quiet_entries,
    )


_CLASS: Final[StateClass] = "active"


def _figures(found: Mapping[str, Outcome], how: str) -> list[Figure]:
    turn, known, ours = found["turn"], found["known"], found["ours"]
    made = f"{ours.calls:,} calls (round-robin {turn.calls:,}, optimum {known.calls:,}), {ours.entries:,} entries"
    return [
        Figure(
            what="log-only entries: mean delay against round-robin",
            value=ours.delay / turn.delay if turn.delay else 0.0,
            unit="x",
            goal=0.5,
            best="low",
            ours=f"{ours.delay / 60:,.0f} min, {made}; {how}",
            baseline=f"{turn.delay / 60:,.0f} min  plain round-robin with the same number of calls",
        ),
        Figure(
            what="log-only entries: mean delay against the optimum",
            value=ours.delay / known.delay if known.delay else 0.0,
            unit="x",
            goal=1.5,
            best="low",
            ours=f"{ours.delay / 60:,.0f} min, same run, rates learned",
            baseline=f"{known.delay / 60:,.0f} min  the same rotation with the true rates, which nobody knows",
        ),
    ]
