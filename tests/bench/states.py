"""Job states compared per second: list pages fetched, decoded and compared with the store. Real clock."""

from pathlib import Path

import anyio

from tests.bench.figure import Figure, per_second
from tests.bench.fresh import look_once
from tests.bench.laps import Lap, lap, mark, median_rate
from tests.bench.moving import moving
from tests.bench.program import SOURCE, Program, pacing, program
from tests.bench.scale import Scale
from tests.bench.telling import say


async def states(scratch: Path, scale: Scale) -> list[Figure]:
    """Whole sweeps, one after the other, by one daemon on one core; the upstream has the other."""
    with moving(jobs=scale.listed) as server:
        async with program(scratch, database="states.db", endpoint=server.url, paced=pacing(sweep="list")) as ours:
            await look_once(ours, scale.listed)
            busy, began = server.busy(), anyio.current_time()
            laps = [await _sweeps(ours, scale, number) for number in range(scale.rounds + 1)][1:]
            share = (server.busy() - busy) / (anyio.current_time() - began)
    cost = min(one.cost for one in laps)
    return [
        Figure(
            what="job states compared per second, nothing changed",
            value=median_rate(laps),
            unit="/s",
            goal=20_000.0,
            best="high",
            ours=f"real clock: pages of 100 asked for one after the other, {scale.listed:,} jobs in SQLite, median of {len(laps)} laps",
            baseline="none",
            detail=f"processor time {cost * 1e6:,.1f} µs a state, so {per_second(1 / cost)} for a core that never waits; "
            f"the upstream used {share:.0%} of the other core",
        )
    ]


async def _sweeps(ours: Program, scale: Scale, number: int) -> Lap:
    say(f"sweeping, round {number}")
    sweeper = ours.parts().tenants[SOURCE].sweeper
    start, done = mark(0), 0
    while mark(0).at < start.at + scale.seconds:
        await sweeper.sweep()
        done += scale.listed
    return lap(start, mark(done))
