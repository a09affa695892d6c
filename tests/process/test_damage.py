"""The database file is damaged under a running daemon: it is said with the remedy, the daemon ends in order, and a backup puts it right."""

import os
import subprocess
import sys
from pathlib import Path

from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, source, webhook


def _poller(daemon: Daemon, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "poller", *words]
    return subprocess.run(command, cwd=daemon.folder, env=daemon.environ, capture_output=True, text=True, check=False)


def _damage(file: Path) -> None:
    """All but the first page, and the journal: as a disk that has lost what it had."""
    with file.open("r+b") as database:
        database.seek(4096)
        database.write(os.urandom(file.stat().st_size - 4096))
    with file.with_name(file.name + "-wal").open("r+b") as journal:
        journal.truncate(0)


async def test_a_file_that_is_damaged_while_the_daemon_runs_is_said_with_the_remedy(tmp_path: Path) -> None:
    world = World()
    for number in range(200):
        world.put(f"job-{number}", {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 200, within=60)
        assert _poller(daemon, "db", "backup", "copy.db").returncode == 0
        assert await daemon.stop() == 0
        await daemon.start()  # with nothing in its cache
        _damage(daemon.database)
        listed = _poller(daemon, "jobs", "list")
        assert listed.returncode == 1
        assert "damaged" in listed.stderr
        assert "restore it from a backup" in listed.stderr
        await until(lambda: "the database does not take part" in daemon.log, within=60)
        assert "damaged" in daemon.log
        assert "restore it from a backup" in daemon.log
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log

        for end in ("", "-wal", "-shm"):
            daemon.database.with_name(daemon.database.name + end).unlink(missing_ok=True)
        (tmp_path / "copy.db").rename(daemon.database)
        world.put("job-7", {"state": "TRAIN_SUCCESS"})
        await daemon.start()
        await receiver.until(lambda one: "TRAIN_SUCCESS" in [event.transition for event in one.events], within=60)
        assert await daemon.stop() == 0
