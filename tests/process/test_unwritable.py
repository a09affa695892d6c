"""A database that can be read and no longer written, under a real daemon.

The system refuses its writes to files: what a file system that turns read-only does (EROFS) reaches SQLite in the same way.
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from poller.simulator.audit import audit
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, source, webhook

JOBS = 20
QUIET = 0.5  # seconds without a request, of a daemon that otherwise makes a hundred in a second
PAUSING = 'event="the database does not take part: pausing, nothing is lost"'


def _quiet(count: Callable[[], int]) -> Callable[[], bool]:
    """Whether the count has not moved for `QUIET` seconds."""
    last, since = count(), time.monotonic()

    def is_quiet() -> bool:
        nonlocal last, since
        if count() != last:
            last, since = count(), time.monotonic()
        return time.monotonic() - since > QUIET

    return is_quiet


async def _readiness(daemon: Daemon) -> Any:
    async with daemon.control() as client, client._session.get("http://poller/readyz") as answer:
        return await answer.json()


async def test_it_is_said_polling_pauses_nothing_is_lost_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    world = World()
    for number in range(JOBS):
        world.put(f"job-{number}", {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start(piped=True)
        await receiver.until(lambda one: len(one.events) == JOBS, within=30)
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
        await until(lambda: daemon.log.count(PAUSING) == 2)  # the poller and the dispatcher
        assert "check that the file and its directory can be written" in daemon.log
        readiness = await _readiness(daemon)
        assert not readiness["ok"]
        assert readiness["reason"].startswith("the database does not take part: ")
        for number in range(JOBS):
            world.put(f"job-{number}", {"state": "TRAIN_SUCCESS"})
        await until(_quiet(simulator.counters.requests.total))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        await receiver.until(lambda one: audit(world.truths(), one.arrivals).ok, within=30)
        assert daemon.log.count(PAUSING) == 2
        assert "the database takes part again" in daemon.log
        assert (await _readiness(daemon))["ok"]
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log
