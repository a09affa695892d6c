"""Polls per second, against a loop that keeps nothing and against the vendor's client."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import anyio

from poller.host import loop
from poller.simulator.steady import SteadyWorld
from tests.bench import bare
from tests.bench.figure import Figure, per_second
from tests.bench.laps import Lap, Side, alternate, costs, median_rate, ratio, spread
from tests.bench.program import AKSK, CONCURRENCY, SOURCE, TOKEN, Program, program
from tests.bench.scale import Scale
from tests.bench.servers import Server, upstream
from tests.bench.telling import say

NOWHERE = "http://127.0.0.1:9/"  # of a notifier that is owed events which nobody delivers here
OURS = f"{CONCURRENCY} seats: claim, fetch, decode, compare, record in SQLite (synchronous=FULL)"
SATURATED = 0.9  # of a core


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """Laps of one side, and how much of its core the upstream needed in each."""

    laps: Sequence[Lap]
    upstream: Sequence[float]

    @property
    def busy(self) -> tuple[float, float]:
        """The shares of its own core and of the upstream's that a lap in the middle took."""
        return median(lap.busy / lap.seconds for lap in self.laps), median(self.upstream)

    @property
    def is_held_up(self) -> bool:
        """Whether the upstream set the pace, and not the one who asks."""
        own, upstream = self.busy
        return upstream > SATURATED > own


async def unchanged(scratch: Path, scale: Scale) -> list[Figure]:
    """Nothing changes but the links."""
    heard = await _against_loop(scratch, scale, changing=False)
    return [_figure("durable polls, nothing changed", *heard, goal=0.85, baseline=bare.GET_LOOP)]


async def changed(scratch: Path, scale: Scale) -> list[Figure]:
    """Every poll brings one event, and one delivery is recorded with it.

    The loop asks an upstream of its own: from the same one it would take away transitions, and the next poll bring several.
    """
    heard = await _against_loop(scratch, scale, changing=True)
    return [_figure("durable polls, each with a transition", *heard, goal=0.4, baseline=bare.GET_LOOP)]


async def vendor(scratch: Path, scale: Scale) -> list[Figure]:
    """Both sign with AK/SK."""
    with upstream(jobs=scale.watched) as server:
        async with watching(scratch, server, jobs=scale.watched, auth=AKSK) as ours:
            client = bare.vendors_client(server.url, job_ids(scale.watched), scale.seconds)
            heard = await _hear(scale.rounds, (server, lambda: ours.poll_for(scale.seconds)), (server, client))
    return [_figure("durable polls with AK/SK, nothing changed", *heard, goal=8.0, baseline=bare.SDK)]


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


async def _against_loop(scratch: Path, scale: Scale, *, changing: bool) -> list[Heard]:
    """Of the program, of the bare loop as it comes, and of the bare loop on the program's event loop."""
    hook = NOWHERE if changing else ""
    with upstream(jobs=scale.watched, changing=changing) as server, upstream(jobs=scale.watched) as still:
        async with watching(scratch, server, jobs=scale.watched, hook=hook) as ours:
            get = partial(bare.getting, still.url, job_ids(scale.watched), scale.seconds)
            sides = (server, lambda: ours.poll_for(scale.seconds)), (still, get()), (still, get(new_loop=loop.new))
            return await _hear(scale.rounds, *sides)


async def _hear(rounds: int, *sides: tuple[Server, Side]) -> list[Heard]:
    """All in turn, each with an ear on its upstream."""
    shares: list[list[float]] = [[] for _ in sides]
    laps = await alternate(rounds, *[_heard(*side, own) for side, own in zip(sides, shares, strict=True)])
    return [Heard(laps=own, upstream=busy[1:]) for own, busy in zip(laps, shares, strict=True)]


def _heard(server: Server, side: Side, shares: list[float]) -> Side:
    async def lap() -> Lap:
        busy, began = server.busy(), anyio.current_time()
        done = await side()
        shares.append((server.busy() - busy) / (anyio.current_time() - began))
        return done

    return lap


def _figure(
    what: str, ours: Heard, theirs: Heard, on_our_loop: Heard | None = None, *, goal: float, baseline: str
) -> Figure:
    own, other = median_rate(ours.laps), median_rate(theirs.laps)
    shares = [f"{mine:.0%} and {upstream:.0%}" for mine, upstream in (ours.busy, theirs.busy)]
    detail = f"{spread(ours.laps, theirs.laps)}; {costs(ours.laps, theirs.laps)}; "
    detail += f"own core and upstream's busy {shares[0]} against {shares[1]}"
    if on_our_loop is not None:
        detail += f"; against that loop on uvloop, as the program: {ratio(ours.laps, on_our_loop.laps):.2f}x"
    if ours.is_held_up or theirs.is_held_up:
        detail += "; NOT TO BE TRUSTED: the simulated upstream was the limit"
    return Figure(
        what=what,
        value=ratio(ours.laps, theirs.laps),
        unit="x",
        goal=goal,
        best="high",
        ours=f"{per_second(own)}  {OURS}",
        baseline=f"{per_second(other)}  {baseline}",
        detail=detail,
    )
