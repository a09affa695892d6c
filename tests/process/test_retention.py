"""The daemon removes what is older than the configuration keeps, and goes on."""

import time
from pathlib import Path

from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in, until
from tests.process.settings import SECRET, source, webhook


async def test_a_daemon_that_prunes_removes_what_is_old_and_keeps_telling(tmp_path: Path) -> None:
    world = World()
    world.put("job", {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        keeps = {"events": "1s", "snapshots": "1s", "deliveries": "1s"}
        daemon.write(
            store={"retain": keeps},
            sources={"prod": source(simulator)},
            notifiers={"backend": webhook(receiver.url)},
        )
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 1, within=30)
        told_at = time.monotonic()
        await until(lambda: time.monotonic() - told_at > 1.1)

        async with daemon.control() as client:
            assert (await client.post("prune"))["count"] > 0
            assert (await client.get("deliveries"))["items"] == []

        world.put("job", {"state": "JOB_SUCCESS"})
        await receiver.until(lambda one: len(one.events) == 2, within=30)
        assert "Traceback" not in daemon.log
