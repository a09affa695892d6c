"""An upstream that stands still for a moment: what waits behind it is sent when it goes on, and is paid for. Real HTTP, real gate."""

import time
from bisect import bisect_left
from pathlib import Path

import anyio
from aiohttp import web

from poller.engine.lateness import LATE
from poller.simulator.server import running_simulator
from poller.simulator.serving import serving
from poller.simulator.world import World
from poller.store.store import open_store
from poller.web.tally import Tally
from tests.daemon.tenants import tenant_of
from tests.process.settings import every, source

RATE = 50
JOBS = 60
STILL = 0.8  # seconds; beyond one, nobody waits for the answers any more


async def test_requests_that_waited_at_the_door_are_paid_for_when_they_go(tmp_path: Path) -> None:
    came: list[float] = []
    moves = anyio.Event()
    moves.set()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        came.append(time.monotonic())
        await moves.wait()
        return await simulator.handle(request)

    async with (
        running_simulator(World(jobs=JOBS)) as simulator,
        serving(handle, "127.0.0.1", 0) as url,
        open_store(tmp_path / "poller.db") as store,
        tenant_of(
            store,
            source(simulator, endpoint=url, rate=f"{RATE}/s", sweep="detail", every=every("100ms"), concurrency=32),
            Tally(),
        ) as tenant,
        anyio.create_task_group() as group,
    ):
        await store.registry.sync_file("prod", simulator.world.ids(), now=time.time())
        group.start_soon(tenant.run)
        await simulator.until(lambda upstream: upstream.counters.requests.total() > JOBS, 20)
        moves = anyio.Event()
        still_from = time.monotonic()
        await anyio.sleep(STILL)
        moves.set()
        moves_from = time.monotonic()
        await anyio.sleep(1.0)
        tenant.shift.close()
    then = bisect_left(came, moves_from)
    assert then - bisect_left(came, still_from) <= RATE / 10  # the door holds them back
    assert bisect_left(came, moves_from + 0.1) - then > RATE / 5  # and lets all of them through
    # Of those that wait, the last few are not late yet.
    assert bisect_left(came, moves_from + 1.0) - then <= RATE * (1.0 + LATE) + 1
