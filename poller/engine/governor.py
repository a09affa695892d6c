"""Decides, again and again, how a source's budget is spent: by list or by detail calls, and how often each job is looked at."""

from collections import deque
from collections.abc import Mapping
from typing import Final

import structlog

from poller.core.budget import BURST, Bucket, available
from poller.core.plan import Demand, Plan, Sweep, plan
from poller.core.vocabulary import StateClass
from poller.engine.ports import Clock, Pacing, Roll
from poller.engine.verdict import Rules

PLAN_EVERY: Final = 10.0  # seconds between two looks at what there is to watch
CHANGES_OVER: Final = 60.0  # seconds over which changes a second are counted
GLANCE: Final = BURST / 2  # seconds between two claims for the rotation: what it may save up is then never full
LONGEST_GLANCE: Final = 0.25
MARGIN: Final = 0.001  # seconds: so that what is waited for is there
ROTATION_FLOOR: Final = 0.01  # of the budget goes to the rotation whatever the plan says, so that nothing starves
LEAST_SHARE: Final = 0.001  # of the rotation, for a daemon that is to begin nothing: a rate of 0 would never end

log = structlog.get_logger(__name__)


class Governor:
    """The plan of one source. `listed` is what the last list page said of the length of the list, `jobs` how many jobs are polled."""

    def __init__(self, source: str, roll: Roll, clock: Clock, rules: Rules, pace: Pacing, sweep: Sweep) -> None:
        self._source = source
        self._roll = roll
        self._clock = clock
        self._rules = rules
        self._pace = pace
        self._sweep = sweep
        self._hurried: deque[tuple[float, int]] = deque()
        self._rotation = Bucket(rate=pace.rate, level=1.0, at=clock.monotonic())
        self.listed: int | None = None
        self.plan: Plan | None = None
        self.jobs: int | None = None

    async def decide(self) -> Plan:
        """Make the plan anew."""
        groups = tuple(await self._roll.groups(self._source, self._rules.every))
        every = min((group.every for group in groups), default=min(self._rules.every.values()))
        demand = Demand(groups=groups, every=every, listed=self.listed, changes=self._changes())
        self.jobs = demand.jobs
        made = plan(demand, rate=self._pace.rate, sweep=self._sweep)
        if self.plan is None or self.plan.mode != made.mode:
            log.info("reading states", source=self._source, by=made.mode, jobs=demand.jobs, listed=self.listed)
        self.plan = made
        return made

    def hurried(self, jobs: int) -> None:
        """A sweep has found jobs whose state moved."""
        self._hurried.append((self._clock.monotonic(), jobs))

    @property
    def allowed(self) -> float:
        """Requests a second that the source may make now."""
        return self._pace.rate

    @property
    def threshold(self) -> float:
        """That of `core.rotation`; 0 before the first plan."""
        return 0.0 if self.plan is None else self.plan.threshold

    @property
    def rest(self) -> Mapping[StateClass, float] | None:
        """Seconds by class after which a job may be looked at again though it is not due; None while no job may.

        With a budget that is short jobs are due less often than wished, as often as it allows on average. In a second in which fewer
        are due than that, what is left of it would be lost.
        """
        return self._rules.every if self.threshold else None

    @property
    def sweeps(self) -> bool:
        """Whether states are read by list pages."""
        return self.plan is not None and self.plan.mode == "list"

    def rotation_room(self, most: int) -> int:
        """How many jobs that nobody waits for may be claimed now, so that a sweep finds its share of the budget."""
        if not self.sweeps:
            return most
        return max(0, min(int(available(self._share(), self._clock.monotonic())), most))

    @property
    def rotation_pause(self) -> float:
        """Seconds until a job more may be claimed for the rotation: long enough for a few at once, short enough to lose no budget."""
        share = self._share()
        return min(max(GLANCE, (1.0 - share.level) / share.rate + MARGIN), LONGEST_GLANCE)

    def rotated(self, jobs: int) -> None:
        """So many were claimed."""
        share = self._share()
        self._rotation = share._replace(level=share.level - jobs)

    def _share(self) -> Bucket:
        now = self._clock.monotonic()
        rate = max(self.plan.rotation if self.plan is not None else 0.0, self._pace.rate * ROTATION_FLOOR)
        rate *= max(self._pace.share, LEAST_SHARE)
        return Bucket(rate=rate, level=available(self._rotation, now), at=now)

    def _changes(self) -> float:
        now = self._clock.monotonic()
        while self._hurried and self._hurried[0][0] < now - CHANGES_OVER:
            self._hurried.popleft()
        return sum(jobs for _, jobs in self._hurried) / CHANGES_OVER
