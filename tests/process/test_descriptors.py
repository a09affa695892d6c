"""No file descriptor is free: the daemon says so, loses nothing, and goes on by itself when some are."""

import resource
from pathlib import Path

import psutil

from poller.simulator.audit import audit
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in, until
from tests.process.settings import SECRET, source, webhook

JOBS = 20


async def test_with_no_descriptor_left_nothing_is_lost_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    world = World()
    for number in range(JOBS):
        world.put(f"job-{number}", {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(
            sources={"prod": source(simulator)},
            notifiers={"backend": webhook(receiver.url, retry=["500ms"] * 10 + ["2s"] * 40)},
        )
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == JOBS, within=30)
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        # Everything from the lowest number that is not one of its own files: connections that it has are kept, new ones fail.
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        for number in range(JOBS):
            world.put(f"job-{number}", {"state": "TRAIN_SUCCESS"})
        receiver.force("reset", times=3)
        simulator.force("reset", times=3)
        await until(lambda: "too many open files" in daemon.log, within=60)
        assert psutil.pid_exists(pid)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        await receiver.until(lambda one: audit(world.truths(), one.arrivals).ok, within=60)
        assert await daemon.stop() == 0
