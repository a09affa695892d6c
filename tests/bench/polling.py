"""Polls per second, against a loop that keeps nothing and against the vendor's client."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from poller.simulator.steady import SteadyWorld
from tests.bench import bare
from tests.bench.figure import Figure, per_second
from tests.bench.laps import Lap, alternate, costs, median_rate
from tests.bench.program import AKSK, CONCURRENCY, SOURCE, TOKEN, Program, program
from tests.bench.scale import Scale
from tests.bench.servers import Server, upstream
from tests.bench.telling import say

NOWHERE = "http://127.0.0.1:9/"  # of a notifier that is owed events which nobody delivers here
OURS = f"{CONCURRENCY} seats: claim, fetch, decode, compare, record in SQLite (synchronous=FULL)"
SATURATED = 0.9  # of the other core: beyond, the upstream sets the pace, not the one who asks


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Laps of both, and how much of its core the upstream needed."""

    ours: Sequence[Lap]
    theirs: Sequence[Lap]
    upstream: float


async def unchanged(scratch: Path, scale: Scale) -> list[Figure]:
    """Nothing changes but the links."""
    sides = await _against_loop(scratch, scale, changing=False)
    return [_figure("durable polls, nothing changed", sides, goal=0.85, baseline=bare.GET_LOOP)]


async def changed(scratch: Path, scale: Scale) -> list[Figure]:
    """Every poll brings one event, and one delivery is recorded with it."""
    sides = await _against_loop(scratch, scale, changing=True)
    return [_figure("durable polls, each with a transition", sides, goal=0.4, baseline=bare.GET_LOOP)]


async def vendor(scratch: Path, scale: Scale) -> list[Figure]:
    """Both sign with AK/SK."""
    with upstream(jobs=scale.watched) as server:
        async with watching(scratch, server, jobs=scale.watched, auth=AKSK) as ours:
            client = bare.vendors_client(server.url, job_ids(scale.watched), scale.seconds)
            laps = await alternate(scale.rounds, lambda: ours.poll_for(scale.seconds), client)
    sides = Sides(ours=laps[0], theirs=laps[1], upstream=0.0)
    return [_figure("durable polls with AK/SK, nothing changed", sides, goal=8.0, baseline=bare.SDK)]


@asynccontextmanager
async def watching(
    scratch: Path, server: Server, *, jobs: int, auth: str = TOKEN, hook: str = "", database: str = "polling.db"
) -> AsyncIterator[Program]:
    """The program, after its first look at so many jobs."""
    async with program(scratch, database=database, endpoint=server.url, auth=auth, hook=hook) as ours:
        say("first look at the jobs")
        await ours.store.registry.add(SOURCE, job_ids(jobs), now=0.0)
        await ours.poll_until(jobs)
        yield ours


def job_ids(count: int) -> Sequence[str]:
    """The ids that the upstream knows."""
    return SteadyWorld(jobs=count).job_ids


async def _against_loop(scratch: Path, scale: Scale, *, changing: bool) -> Sides:
    with upstream(jobs=scale.watched, changing=changing) as server:
        hook = NOWHERE if changing else ""
        async with (
            watching(scratch, server, jobs=scale.watched, hook=hook) as ours,
            bare.getting(server.url, job_ids(scale.watched), scale.seconds) as loop,
        ):
            busy, began = server.busy(), anyio.current_time()
            laps = await alternate(scale.rounds, lambda: ours.poll_for(scale.seconds), loop)
            share = (server.busy() - busy) / (anyio.current_time() - began)
    return Sides(ours=laps[0], theirs=laps[1], upstream=share)


def _figure(what: str, sides: Sides, *, goal: float, baseline: str) -> Figure:
    ours, theirs = median_rate(sides.ours), median_rate(sides.theirs)
    detail = costs(sides.ours, sides.theirs)
    if sides.upstream > SATURATED:
        detail += "; NOT TO BE TRUSTED: the simulated upstream was the limit"
    return Figure(
        what=what,
        value=ours / theirs,
        unit="x",
        goal=goal,
        best="high",
        ours=f"{per_second(ours)}  {OURS}",
        baseline=f"{per_second(theirs)}  {baseline}",
        detail=detail,
    )
