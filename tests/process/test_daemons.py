"""Several daemons on one PostgreSQL under fire: what one of them began, another finishes, and nobody notices from the outside."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from poller.simulator.audit import audit
from poller.simulator.faults import RECEIVER_KINDS, parse_faults
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, until
from tests.process.fleet import LEASE, Speedometer, fleet, own_server, trouble
from tests.process.settings import SECRET, every, source, webhook
from tests.store.conftest import Server

pytestmark = pytest.mark.timeout(1800)

# In the suite each kind of trouble comes once; POLLER_FIRE=10 makes it ten times as much of everything.
FIRE = int(os.environ.get("POLLER_FIRE", "1"))
JOBS = 20 * FIRE
RATE = 60.0  # requests a second, of all daemons together: less than the jobs would take
SECONDS = 8.0 * FIRE  # that the lives of all jobs take
SETTLING = 90.0


def world_of(seconds: float, seed: int) -> World:
    slow = World(jobs=JOBS, seed=seed, speed=1.0)
    return World(jobs=JOBS, seed=seed, speed=(slow.over_at() - time.time()) / seconds)


async def shown(daemon: Daemon) -> list[dict[str, object]]:
    async with daemon.control() as client:
        return list((await client.get("daemons"))["items"])


async def alive(daemon: Daemon) -> int:
    return sum(bool(one["alive"]) for one in await shown(daemon))


async def nothing_pending(daemon: Daemon) -> bool:
    async with daemon.control() as client:
        return not (await client.get("deliveries", state="pending", limit=1))["items"]


async def test_three_daemons_that_are_killed_paused_and_stopped_lose_and_invent_nothing_and_keep_to_the_rate(
    tmp_path: Path,
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 pytest shows it with a failure
    chance, world, speed = random.Random(seed), world_of(SECONDS, seed), Speedometer()
    upstream, broken = parse_faults("500=0.03,reset=0.02,shape=0.02,shrink=0.02"), "500=0.03,lost=0.03,reset=0.02"
    async with (
        running_simulator(world, faults=upstream, seed=seed) as simulator,
        running_receiver(SECRET, faults=parse_faults(broken, RECEIVER_KINDS), seed=seed) as receiver,
        anyio.create_task_group() as group,
    ):
        with own_server() as server:
            tables = {
                "store": {"url": server.url, "lease": f"{LEASE:.0f}s"},
                "sources": {"prod": source(simulator, rate=f"{RATE:.0f}/s", timeout="1s", every=every("300ms"))},
                "notifiers": {"backend": webhook(receiver.url, timeout="1s", concurrency=8)},
            }
            async with fleet(tmp_path, tables) as daemons:
                for daemon in daemons:
                    await daemon.start()
                await until(lambda: alive_is(daemons[0], 3))
                group.start_soon(speed.watch, simulator)
                happened = await trouble(daemons, server, chance, rounds=4 * FIRE)
                over_at = max(world.over_at(), time.time())
                await until(lambda: time.time() > over_at, SETTLING)

                def verdict() -> object:
                    return audit(world.truths(), receiver.arrivals, first_sight="all", required_until=over_at)

                with suppress(TimeoutError):  # what is missing then, the verdict says better
                    await until(lambda: verdict().ok, SETTLING, glance=0.5)  # type: ignore[attr-defined]
                await until(lambda: nothing_pending(daemons[0]), SETTLING)
                found = audit(world.truths(), receiver.arrivals, first_sight="all", required_until=over_at)
                print(f"{found.summary}\n{happened}, at most {speed.most(2.0):.1f} requests/s")  # noqa: T201 for a failure
                assert found.ok, found.summary
                assert receiver.tally.altered == 0
                assert speed.most(2.0) <= 1.1 * RATE
                assert [await daemon.stop() for daemon in daemons] == [0, 0, 0]
                log = "".join(daemon.log for daemon in daemons)
                assert "Traceback" not in log
                assert "because of a bug" not in log
        group.cancel_scope.cancel()


async def alive_is(daemon: Daemon, count: int) -> bool:
    return await alive(daemon) == count


async def test_the_work_of_a_killed_daemon_passes_on_when_its_lease_ends_and_that_of_a_stopped_one_at_once(
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
            one.kill()
            killed_at = time.monotonic()
            await until(lambda: alive_is(other, 1), 10 * LEASE)
            assert time.monotonic() - killed_at < 3 * LEASE
            await one.start()
            await until(lambda: alive_is(other, 2))
            assert await one.stop() == 0
            assert await alive(other) == 1


async def test_a_daemon_that_slept_through_its_lease_finds_its_claims_gone_and_goes_on(
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
            assert "Traceback" not in one.log
            assert [await one.stop(), await other.stop()] == [0, 0]
