"""A backup of a running daemon, put back later: what is told again has the ids that it had."""

import sys
from pathlib import Path

import anyio

from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in
from tests.process.settings import SECRET, source, webhook

JOBS = ("first", "second", "third")


def _told(receiver: Receiver, transition: str) -> list[str]:
    return [event.id for event in receiver.events if event.transition == transition]


def _put_back(copy: Path, database: Path) -> None:
    for end in ("", "-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    copy.rename(database)


async def test_what_is_told_again_after_a_restore_has_the_same_ids(tmp_path: Path) -> None:
    world = World()
    for job_id in JOBS:
        world.put(job_id, {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == len(JOBS), within=30)
        copy = tmp_path / "monday.db"
        backup = [sys.executable, "-m", "poller", "db", "backup", str(copy), "--config", str(daemon.config)]
        await anyio.run_process(backup, cwd=tmp_path)

        for job_id in JOBS:
            world.append_log(job_id, "SYSTEM_TRAIN_SUCCESS")
            world.put(job_id, {"state": "TRAIN_SUCCESS"})
        await receiver.until(lambda one: len(one.events) == 3 * len(JOBS), within=30)
        assert await daemon.stop() == 0
        before = {event.id for event in receiver.events}

        _put_back(copy, daemon.database)
        seen = len(receiver.arrivals)
        await daemon.start()
        await receiver.until(lambda one: len(one.arrivals) >= seen + 2 * len(JOBS), within=30)
        assert await daemon.stop() == 0
        again = [arrival.event.id for arrival in receiver.arrivals[seen:]]
        assert sorted(again) == sorted(_told(receiver, "SYSTEM_TRAIN_SUCCESS") + _told(receiver, "TRAIN_SUCCESS"))
        assert {event.id for event in receiver.events} == before
