"""How long the work of a daemon that was killed lies about, from the kill until another one has done it."""

import time
from pathlib import Path

from poller.simulator.faults import NO_FAULTS, parse_faults
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from tests.process.daemon import until
from tests.process.fleet import alive_is, fleet
from tests.process.settings import every, source

JOBS = 8


async def seconds_to_pass_on(folder: Path, url: str, lease: float) -> float:
    """One daemon holds every job, asks about it in vain and is killed; the other one has answers of all of them so much later."""
    async with running_simulator(World(jobs=JOBS)) as simulator:
        prod = source(simulator, rate="100/s", timeout="10m", sweep="detail", every=every("100ms"))
        tables = {"store": {"url": url, "lease": f"{lease:.0f}s"}, "sources": {"prod": prod}}
        async with fleet(folder, tables, "ab") as (one, other):
            await one.start()
            await simulator.until(lambda upstream: upstream.counters.statuses[200] > 2 * JOBS, 30)
            simulator.faults = parse_faults("hang=1:600")
            await until(lambda: simulator.counters.faults["hang"] == JOBS)
            simulator.faults = NO_FAULTS  # what hangs goes on hanging
            await other.start()
            await until(lambda: alive_is(other, 2))
            one.kill()
            killed_at = time.time()
            await until(lambda: len(_answered(simulator, killed_at)) == JOBS, 2 * lease + 30)
            assert await other.stop() == 0
            assert "Traceback" not in other.log
            return max(_answered(simulator, killed_at).values()) - killed_at


def _answered(simulator: Simulator, since: float) -> dict[str, float]:
    """When each job was first read after that instant."""
    calls = [call for call in simulator.calls if call.api == "detail" and call.status == 200 and call.at > since]
    return {call.job_id: call.at for call in reversed(calls)}
