"""SQLite, PostgreSQL with one daemon, PostgreSQL with two: polls and webhooks a second, and what becomes of a dead one's work."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.figure import Figure, per_second
from tests.bench.handover import handover
from tests.bench.laps import Lap, median_rate
from tests.bench.machine import spread
from tests.bench.postgres import postgresql
from tests.bench.scale import Scale
from tests.bench.servers import Server, receiver, upstream
from tests.bench.sides import PER_JOB, Side, fill, job_count, poll_again, polling, polls, webhooks

REAL: Final = (
    "`poller run`; daemons and PostgreSQL use {cores} cores, on one of which the upstream and the receiver are as well"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a side did; `moved_on` where there were two daemons."""

    side: Side
    polls: Sequence[Lap]
    webhooks: Lap
    moved_on: Figure | None


async def daemons(scratch: Path, scale: Scale) -> list[Figure]:
    """Each side in turn, with the same jobs and as much owed."""
    cores = spread()
    with (
        upstream(jobs=job_count(scale)) as server,
        receiver() as hook,
        postgresql({}) as databases,
    ):
        sides = [
            Side(name="SQLite", folder=scratch / "sqlite", url="", count=1),
            Side(name="PostgreSQL", folder=scratch / "one", url=databases.database("one"), count=1),
            Side(name="PostgreSQL, two daemons", folder=scratch / "two", url=databases.database("two"), count=2),
        ]
        done = [await _measured(side, server, hook, scale) for side in sides]
    return [*_figures(done, REAL.format(cores=cores)), *[one.moved_on for one in done if one.moved_on]]


async def _measured(side: Side, server: Server, hook: Server, scale: Scale) -> Done:
    await fill(side, server, scale)
    async with polling(side, server, scale) as running:
        polled = await polls(side, server, scale)
        told = await webhooks(side, running, server, hook.url, scale)
        moved_on = None
        if len(running) > 1:
            await poll_again(side, running, server, scale)
            moved_on = await handover(side, running, scale)
    return Done(side=side, polls=polled, webhooks=told, moved_on=moved_on)


def _figures(done: Sequence[Done], how: str) -> list[Figure]:
    sqlite, one, two = done
    rates = {
        "polls": [median_rate(side.polls) for side in (sqlite, one, two)],
        "webhooks": [side.webhooks.rate for side in (sqlite, one, two)],
    }
    detail = {
        "polls": how,
        "webhooks": f"{two.webhooks.done:,} owed at once, {PER_JOB} of each job in order; {how}",
    }
    return [
        figure
        for what, (at_sqlite, at_one, at_two) in rates.items()
        for figure in (
            _ratio(f"{what}, PostgreSQL against SQLite", at_one, at_sqlite, goal=0.5, detail=detail[what]),
            _ratio(f"{what}, PostgreSQL with two daemons against one", at_two, at_one, goal=1.0, detail=detail[what]),
        )
    ]


def _ratio(what: str, ours: float, baseline: float, *, goal: float, detail: str) -> Figure:
    return Figure(
        what=what,
        value=ours / baseline,
        unit="x",
        goal=goal,
        best="high",
        ours=per_second(ours),
        baseline=per_second(baseline),
        detail=detail,
    )
