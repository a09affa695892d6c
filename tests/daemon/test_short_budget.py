"""Two daemons on one PostgreSQL, real parts on both sides, in a stretch of time in which no job is due for longer than the test lasts."""

import time
from contextlib import AsyncExitStack

import anyio
from sqlalchemy import text

from poller.core.crew import Crew
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from poller.store.budgets import SharedBudgets
from poller.web.tally import Tally
from tests.daemon.tenants import tenant_of
from tests.process.settings import every, source
from tests.store.conftest import Server, postgresql
from tests.store.several import One, daemons

__all__ = ["postgresql"]

RATE = 200
JOBS = 60
FAR = 1000.0  # seconds


def shared(one: One, rank: int) -> dict[str, object]:
    return {
        "chores": one.chores,
        "crew": lambda: Crew(daemons=2, rank=rank),
        "budgets": SharedBudgets(one.store.database),
    }


async def nothing_is_due(one: One) -> None:
    """All jobs are due in the far future, in a hand or not."""
    async with one.store.database.writing() as transaction:
        await transaction.execute(text("UPDATE jobs SET due_at = :far"), {"far": time.time() + FAR})


async def asked(simulator: Simulator, more: int) -> None:
    """Wait for so many requests from now on."""
    enough = simulator.counters.requests.total() + more
    await simulator.until(lambda upstream: upstream.counters.requests.total() >= enough, 20)


async def test_a_budget_that_is_short_is_used_to_the_end_also_while_nothing_is_due(postgresql: Server) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(running_simulator(World(jobs=JOBS)))
        crew = await stack.enter_async_context(daemons(postgresql, "a", "b"))
        table = source(simulator, rate=f"{RATE}/s", sweep="detail", every=every("100ms"))
        await crew[0].store.registry.sync_file("prod", simulator.world.ids(), now=time.time())
        tallies = [Tally() for _ in crew]
        tenants = [
            await stack.enter_async_context(tenant_of(one.store, table, tallies[rank], **shared(one, rank)))
            for rank, one in enumerate(crew)
        ]
        async with anyio.create_task_group() as group:
            for tenant in tenants:
                group.start_soon(tenant.run)
            await asked(simulator, 2 * JOBS)
            for _ in range(2):  # what is in a hand the first time is not due the second time
                await nothing_is_due(crew[0])
                await asked(simulator, RATE)
            for tenant in tenants:
                tenant.shift.close()
    assert all(sum(tally.polls.values()) > RATE / 2 for tally in tallies)
