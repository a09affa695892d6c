"""The simulator as a server: addresses, waiting, calls that arrive together."""

import aiohttp
import anyio
import pytest

from poller.simulator.server import Simulator, running_simulator
from poller.simulator.steady import SteadyWorld
from poller.simulator.world import World
from tests.simulator.calls import JOBS, detail, get


async def test_it_listens_on_the_port_asked_for_and_a_second_one_cannot() -> None:
    async with running_simulator(World()) as simulator:
        port = int(simulator.endpoint.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            async with running_simulator(World(), port=port):
                pass
    async with running_simulator(World(), port=port) as again:
        assert again.endpoint.endswith(f":{port}")


async def test_waiting_for_calls_needs_no_naps() -> None:
    world = World(jobs=1)
    async with (
        running_simulator(world) as simulator,
        aiohttp.ClientSession() as session,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(get, session, simulator, JOBS)
        await simulator.until(lambda sim: sim.counters.requests["list"] == 1)
        with pytest.raises(TimeoutError):
            await simulator.until(lambda sim: sim.counters.requests["list"] == 2, within=0.05)


async def test_a_slow_answer_holds_up_no_other() -> None:
    world = SteadyWorld(jobs=2)
    slow, quick = world.ids()
    order: list[str] = []

    async def ask(simulator: Simulator, session: aiohttp.ClientSession, job_id: str) -> None:
        await detail(session, simulator, job_id)
        order.append(job_id)

    async with (
        running_simulator(world) as simulator,
        aiohttp.ClientSession() as session,
        anyio.create_task_group() as tasks,
    ):
        simulator.force("slow", amount=0.3, job_id=slow)
        tasks.start_soon(ask, simulator, session, slow)
        tasks.start_soon(ask, simulator, session, quick)
    assert order == [quick, slow]


async def test_calls_are_remembered_without_their_credentials() -> None:
    async with running_simulator(World(jobs=1)) as simulator, aiohttp.ClientSession() as session:
        await get(session, simulator, JOBS, limit="1")
        call = simulator.calls[-1]
        assert (call.api, call.auth, call.status, call.target) == ("list", "token", 200, f"{JOBS}?limit=1")
        assert simulator.gate.accepted.token not in repr(call)
