"""Webhooks per second with `group` against without it: what it costs to collect, where there is nothing to put together."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio

from poller.config import Config
from poller.core.route import Route
from tests.bench.answers import upstream_world
from tests.bench.figure import Figure, per_second
from tests.bench.laps import Lap, alternate, costs, median_rate, ratio
from tests.bench.owing import RULES, look_at_all
from tests.bench.program import NOTIFIER, SOURCE, Program, program
from tests.bench.scale import Scale
from tests.bench.servers import receiver

GROUP = 0.5  # seconds; over before the lap begins
STATES_ONLY = replace(RULES, routes=(Route(notify=(NOTIFIER,), on=("state:*",)),))
APART = "the same without group"


async def grouped(scratch: Path, scale: Scale) -> list[Figure]:
    """One event of each job: as many requests on both sides. The receiver verifies every signature."""
    world = upstream_world(jobs=scale.webhooks, changing=True)
    with receiver() as hook:
        async with (
            program(scratch, database="grouped.db", endpoint="http://127.0.0.1:9", hook=hook.url) as with_groups,
            program(scratch, database="apart.db", endpoint="http://127.0.0.1:9", hook=hook.url) as without,
        ):
            grouping = replace(with_groups, config=_grouping(with_groups.config))
            for one in (grouping, without):
                await one.store.registry.add(SOURCE, world.job_ids, now=0.0)
                await look_at_all(one, world, due_at=lambda: 0.0)

            async def side(of: Program) -> Lap:
                told = await look_at_all(of, world, due_at=lambda: 0.0, rules=STATES_ONLY)
                await anyio.sleep(max(0.0, max(event.observed_at for event in told) + GROUP - time.time()))
                return await of.deliver(len(world.job_ids))

            laps = await alternate(scale.rounds, lambda: side(grouping), lambda: side(without))
    return [_figure(*laps)]


def _grouping(config: Config) -> Config:
    notifier = config.notifiers[NOTIFIER].model_copy(update={"group": GROUP})
    return config.model_copy(update={"notifiers": {NOTIFIER: notifier}})


def _figure(ours: Sequence[Lap], theirs: Sequence[Lap]) -> Figure:
    own, apart = median_rate(ours), median_rate(theirs)
    return Figure(
        what="webhooks with group on, against off",
        value=ratio(ours, theirs),
        unit="x",
        goal=0.9,
        best="high",
        ours=f"{per_second(own)}  one event of each job, its window over",
        baseline=f"{per_second(apart)}  {APART}",
        detail=costs(ours, theirs),
    )
