"""Three of the daemons that share a credential ask with it; one more has nothing to do with the source, and keeps nothing of it either."""

import time
from contextlib import AsyncExitStack

import anyio
import pytest

from poller.core.crew import Crew
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from poller.store.budgets import SharedBudgets
from poller.web.tally import Tally
from tests.daemon.tenants import tenant_of
from tests.process.settings import every, source
from tests.store.conftest import Server, postgresql
from tests.store.several import daemons

__all__ = ["postgresql"]

JOBS = 20


@pytest.mark.parametrize("sweep", ["detail", "list"])
async def test_a_fourth_daemon_leaves_the_jobs_and_the_sweep_to_those_that_may_ask(
    postgresql: Server, sweep: str
) -> None:
    fourth, first = Tally(), Tally()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(running_simulator(World(jobs=JOBS)))
        ours, theirs = await stack.enter_async_context(daemons(postgresql, "ours", "theirs"))
        table = source(simulator, rate="200/s", sweep=sweep, every=every("100ms"))
        await ours.store.registry.sync_file("prod", simulator.world.ids(), now=time.time())
        group = await stack.enter_async_context(anyio.create_task_group())
        tenants = []
        for one, tally, rank in ((ours, fourth, 3), (theirs, first, 0)):
            crew = Crew(daemons=4, rank=rank)
            shared = {
                "crew": lambda crew=crew: crew,
                "budgets": SharedBudgets(one.store.database),
                "chores": one.chores,
            }
            tenants.append(await stack.enter_async_context(tenant_of(one.store, table, tally, **shared)))
            await tenants[-1].sweeper.round()
            group.start_soon(tenants[-1].run)
        await simulator.until(lambda upstream: upstream.counters.requests.total() > 3 * JOBS, 20)
        for tenant in tenants:
            tenant.shift.close()
    assert (fourth.requests.total(), fourth.polls) == (0, {})
    assert first.requests.total() > 3 * JOBS
    assert first.pages["prod", "page"] > (1 if sweep == "list" else 0)  # one to see how long the list is
