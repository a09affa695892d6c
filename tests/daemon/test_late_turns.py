"""An upstream that stands still for a moment: what waits behind it is sent when it goes on, and is paid for. Real HTTP, real gate."""

import time
from pathlib import Path

import anyio
import pytest
from aiohttp import web

from poller.simulator.server import running_simulator
from poller.simulator.serving import serving
from poller.simulator.world import World
from poller.store.store import open_store
from poller.web.tally import Tally
from tests.daemon.tenants import tenant_of
from tests.engine.conftest import eventually
from tests.process.settings import every, source

JOBS = 60
MANY = 10


async def test_requests_that_waited_at_the_gate_are_paid_for_when_they_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = anyio.Event()
    moves.set()
    paid: list[int] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        await moves.wait()
        return await simulator.handle(request)

    async with (
        running_simulator(World(jobs=JOBS)) as simulator,
        serving(handle, "127.0.0.1", 0) as url,
        open_store(tmp_path / "poller.db") as store,
        tenant_of(
            store,
            source(simulator, endpoint=url, rate="100/s", sweep="detail", every=every("100ms"), concurrency=32),
            Tally(),
        ) as tenant,
        anyio.create_task_group() as group,
    ):
        monkeypatch.setattr(tenant.poller, "charge", paid.append)
        await store.registry.sync_file("prod", simulator.world.ids(), now=time.time())
        group.start_soon(tenant.run)
        await simulator.until(lambda upstream: upstream.counters.requests.total() > JOBS, 20)
        moves = anyio.Event()
        so_far = len(paid)  # a busy machine lets some be late at any time
        # After a second nobody waits for the answers of the first few any more: the next few go, and they are late.
        await eventually(lambda: len(paid) > so_far)
        still = simulator.counters.requests.total()
        moves.set()
        await eventually(lambda: len(paid) >= so_far + MANY)
        tenant.shift.close()
    assert simulator.counters.requests.total() >= still + MANY
    assert set(paid) == {1}
