"""How soon a change of state is known, and at what price: the real tenant, ten requests a second. Real clock."""

import math
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import anyio

from poller.core.plan import PAGE
from poller.core.work import Poll
from poller.simulator.steady import SteadyWorld
from poller.store.ledger import Ledger
from tests.bench.figure import Figure
from tests.bench.moving import Asked, Change, asked, changes, moving
from tests.bench.owing import look_at_all
from tests.bench.program import SOURCE, Program, pacing, program
from tests.bench.scale import Scale
from tests.bench.servers import Server
from tests.bench.telling import say

RATE: Final = 10  # requests a second
CHANGE_EVERY: Final = 1.0  # seconds
PATIENCE: Final = 60.0  # seconds in which the last change must be known
SHARE: Final = 0.95
RUN: Final = "real clock: tenant with poller, sweeper and governor, SQLite, `rate = 10/s`, `sweep = auto`, every = 10 s"


class NotingLedger(Ledger):
    """Notes when each transition was committed."""

    committed: dict[tuple[str | None, str], list[float]]

    async def record(self, polls: Sequence[Poll]) -> Sequence[int]:
        refused = await super().record(polls)
        for poll in polls:
            if poll.change is not None and poll.key not in refused:
                for told in poll.change.told:
                    self.committed.setdefault((told.event.job_id, told.event.transition), []).append(time.time())
        return refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What came of a run: the delays of the changes that were committed, how many were not, and what it took."""

    delays: Sequence[float]
    lost: int
    spent: Asked
    seconds: float


async def fresh(scratch: Path, scale: Scale) -> list[Figure]:
    """One run tells three figures."""
    every = min(CHANGE_EVERY, scale.fresh / 5)
    with moving(jobs=scale.listed, every=every) as server:
        paced = pacing(rate=f"{RATE}/s", every=f"{min(10.0, scale.fresh):g}s", sweep="auto")
        async with program(scratch, database="fresh.db", endpoint=server.url, paced=paced) as ours:
            await look_once(ours, scale.listed)
            seen = await _run(ours, server, scale)
    return [_delay(seen, scale), _price(seen, scale), _rate(seen)]


async def look_once(ours: Program, jobs: int) -> None:
    """A first look at all jobs, as if it had been spread over the time that a round of detail calls takes."""
    world = SteadyWorld(jobs=jobs)
    await ours.store.registry.add(SOURCE, world.job_ids, now=time.time())
    await look_at_all(ours, world, due_at=lambda: time.time() + random.random() * jobs)


async def _run(ours: Program, server: Server, scale: Scale) -> Seen:
    ledger = NotingLedger(ours.store.database)
    ledger.committed = {}
    tenant = replace(ours, tools=replace(ours.tools, ledger=ledger)).parts().tenants[SOURCE]
    async with anyio.create_task_group() as group:
        group.start_soon(tenant.run)
        say("a first sweep")
        while (await asked(server)).pages * PAGE < scale.listed:  # noqa: ASYNC110 another process knows
            await anyio.sleep(0.2)
        say(f"changes for {scale.fresh:g} s")
        seen = await _measure(server, ledger.committed, scale.fresh)
        tenant.shift.close()
    return seen


async def _measure(server: Server, committed: Mapping[tuple[str | None, str], list[float]], seconds: float) -> Seen:
    before, began = await asked(server), time.time()
    await anyio.sleep(seconds)
    after, ended = await asked(server), time.time()
    made = [one for one in await changes(server) if began <= one.at < ended]
    with anyio.move_on_after(PATIENCE):
        while any(_delay_of(one, committed) is None for one in made):  # noqa: ASYNC110 what it waits for is a fact
            await anyio.sleep(0.2)
    delays = [_delay_of(one, committed) for one in made]
    known = [one for one in delays if one is not None]
    spent = Asked(pages=after.pages - before.pages, details=after.details - before.details, throttled=0)
    return Seen(delays=known, lost=len(delays) - len(known), spent=spent, seconds=ended - began)


def _delay_of(change: Change, committed: Mapping[tuple[str | None, str], list[float]]) -> float | None:
    later = [at for at in committed.get((change.job_id, change.state), ()) if at >= change.at]
    return min(later) - change.at if later else None


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def _delay(seen: Seen, scale: Scale) -> Figure:
    delays = [*seen.delays, *[PATIENCE] * seen.lost]
    lap = scale.listed / RATE
    return Figure(
        what=f"from change to committed event, {scale.listed:,} jobs, 95th percentile",
        value=_quantile(delays, SHARE),
        unit="s",
        goal=15.0,
        best="low",
        ours=f"{len(delays)} changes, mean {statistics.mean(delays):.1f} s, longest {max(delays):.1f} s, lost {seen.lost}; {RUN}",
        baseline=f"computed: one detail call per job in turn takes {lap:,.0f} s a round: mean {lap / 2:,.0f} s, "
        f"95th percentile {lap * SHARE:,.0f} s",
        detail=f"a sweep of {math.ceil(scale.listed / PAGE)} pages takes 10 s if it has the whole budget; it leaves a fifth",
    )


def _price(seen: Seen, scale: Scale) -> Figure:
    spent = seen.spent
    return Figure(
        what="requests per job-state check, same run",
        value=(spent.pages + spent.details) / (max(1, spent.pages) * min(PAGE, scale.listed)),
        unit="requests",
        goal=0.015,
        best="low",
        ours=f"{spent.pages:,} list pages and {spent.details:,} detail calls in {seen.seconds:.0f} s",
        baseline="computed: 1 for the loop over detail calls",
    )


def _rate(seen: Seen) -> Figure:
    return Figure(
        what="requests per second, same run",
        value=(seen.spent.pages + seen.spent.details) / seen.seconds,
        unit="/s",
        goal=RATE * 1.02,
        best="low",
        ours="as the upstream counted them",
        baseline="none",
    )
