"""Several daemons on one PostgreSQL under fire: what one of them began, another finishes, and nobody notices from the outside."""

import os
import signal
from pathlib import Path

import pytest

from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.campaign import shown_seed
from tests.process.daemon import until
from tests.process.fleet import LEASE, alive, alive_is, fleet
from tests.process.ordeal import Ordeal, undergo
from tests.process.passing_on import seconds_to_pass_on
from tests.process.settings import source
from tests.store.conftest import Server

pytestmark = pytest.mark.timeout(1800)

# In the suite each kind of trouble comes once; POLLER_FIRE=10 makes it ten times as much of everything.
FIRE = int(os.environ.get("POLLER_FIRE", "1"))


async def test_three_daemons_that_are_killed_paused_and_stopped_lose_and_invent_nothing_and_keep_to_the_rate(
    tmp_path: Path,
) -> None:
    ordeal = Ordeal(jobs=20 * FIRE, seconds=8.0 * FIRE, rate=60.0, lease=LEASE, rounds=4 * FIRE, gaps=(0.3, 1.0))
    with shown_seed() as seed:
        outcome = await undergo(ordeal, tmp_path, seed)
    print(f"{outcome.verdict.summary}\n{outcome.mishaps}")  # noqa: T201 pytest shows it with a failure
    assert outcome.verdict.ok, outcome.verdict.summary
    assert outcome.altered == 0
    assert outcome.speed.most(2.0, outcome.lived) <= 1.1 * ordeal.rate
    assert outcome.exit_codes == [0, 0, 0]
    assert "Traceback" not in outcome.log
    assert "because of a bug" not in outcome.log


async def test_the_work_of_a_killed_daemon_passes_on_when_its_lease_ends(tmp_path: Path, postgresql: Server) -> None:
    lease = 1.5 * LEASE  # a little more patience with a machine that has much to do
    took = await seconds_to_pass_on(tmp_path, postgresql.fresh(), lease)
    assert lease / 2 < took < 3 * lease


async def test_one_that_slept_through_its_lease_finds_its_claims_gone_and_one_that_stops_hands_over_at_once(
    tmp_path: Path, postgresql: Server
) -> None:
    async with running_simulator(World(jobs=8)) as simulator:
        tables = {
            "store": {"url": postgresql.fresh(), "lease": f"{LEASE:.0f}s"},
            "sources": {"prod": source(simulator, rate="100/s")},
        }
        async with fleet(tmp_path, tables, "ab") as (one, other):
            await one.start()
            await other.start()
            await until(lambda: alive_is(other, 2))
            one.signal(signal.SIGSTOP)
            await until(lambda: alive_is(other, 1), 10 * LEASE)
            one.signal(signal.SIGCONT)
            await until(lambda: alive_is(other, 2))
            asked = simulator.counters.requests.total()
            await simulator.until(lambda upstream: upstream.counters.requests.total() > asked + 20, 30)
            assert await one.stop() == 0
            assert await alive(other) == 1
            assert await other.stop() == 0
            assert "Traceback" not in one.log
