"""A credential that ends, against a real daemon: told before any job suffers, and told when a reload has brought a newer one."""

import signal
import time
from pathlib import Path

from poller.core.timestamps import rfc3339
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in
from tests.process.settings import SECRET, source, webhook


def _noticed(receiver: Receiver) -> list[str]:
    return [event.transition for event in receiver.events if event.type.startswith("poller.source")]


async def test_a_token_in_its_last_hour_is_told_with_its_end_and_a_newer_one_too(tmp_path: Path) -> None:
    world = World()
    world.put("job", {"state": "TRAINING"})
    ends_at = rfc3339(time.time() + 1800)
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):

        def write(ends_at: str) -> None:
            auth = {"method": "token", "token": simulator.gate.accepted.token, "expires_at": ends_at}
            daemon.write(sources={"prod": source(simulator, auth=auth)}, notifiers={"backend": webhook(receiver.url)})

        write(ends_at)
        await daemon.start()
        await receiver.until(lambda one: _noticed(one) == ["EXPIRING"], within=30)
        write(rfc3339(time.time() + 86400))
        daemon.signal(signal.SIGHUP)
        await receiver.until(lambda one: "RENEWED" in _noticed(one), within=30)
        assert _noticed(receiver) == ["EXPIRING", "RENEWED"]
        (told,) = [event for event in receiver.events if event.transition == "EXPIRING"]
        assert told.data["expires_at"] == ends_at
        assert simulator.counters.refusals.total() == 0
        assert daemon.log.count('"credentials end"') == 1
        assert await daemon.stop() == 0
