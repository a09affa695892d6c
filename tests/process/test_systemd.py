"""A real daemon as systemd would run it: what it says at $NOTIFY_SOCKET from its start to its end."""

import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, source, webhook

WATCHDOG = 2.0  # seconds that our systemd waits for a sign of life


class Manager:
    """What systemd would have heard, in order."""

    def __init__(self, heard: socket.socket) -> None:
        self._heard = heard
        self._said: list[dict[str, str]] = []

    @property
    def said(self) -> list[dict[str, str]]:
        while True:
            try:
                lines = self._heard.recv(65536).decode().split("\n")
            except BlockingIOError:
                return self._said
            self._said.append(dict(line.split("=", 1) for line in lines))

    def count(self, name: str) -> int:
        return sum(name in message for message in self.said)

    @property
    def status(self) -> str:
        return [message["STATUS"] for message in self.said if "STATUS" in message][-1]

    async def until(self, condition: Callable[["Manager"], bool], within: float = 30.0) -> None:
        await until(lambda: condition(self), within)


@asynccontextmanager
async def managed(folder: Path) -> AsyncIterator[tuple[Daemon, Manager]]:
    address = f"poller-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{address}")
        heard.setblocking(False)
        environ = {"NOTIFY_SOCKET": f"@{address}", "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))}
        async with daemon_in(folder, environ) as daemon:
            yield daemon, Manager(heard)


def _world() -> World:
    world = World()
    for number in range(3):
        world.put(f"job-{number}", {"state": "TRAINING"})
    return world


async def test_a_life_under_systemd(tmp_path: Path) -> None:
    async with (
        running_simulator(_world()) as simulator,
        running_receiver(SECRET) as receiver,
        managed(tmp_path) as (daemon, manager),
    ):
        good = {"sources": {"prod": source(simulator)}, "notifiers": {"backend": webhook(receiver.url)}}
        daemon.write(**good)
        await daemon.start()
        await manager.until(lambda heard: heard.count("READY") == 1)
        ready = next(place for place, message in enumerate(manager.said) if "READY" in message)
        assert all("EXTEND_TIMEOUT_USEC" in message for message in manager.said[:ready])
        await manager.until(lambda heard: heard.count("WATCHDOG") >= 3)

        daemon.write(**{**good, "sources": {"prod": source(simulator, rate="fast")}})
        daemon.signal(signal.SIGHUP)
        await manager.until(lambda heard: heard.count("READY") == 2)
        assert "not reloaded" in manager.status
        assert "mistake" in manager.status

        daemon.write(**good)
        daemon.signal(signal.SIGHUP)
        await manager.until(lambda heard: heard.count("READY") == 3)
        assert "not reloaded" not in manager.status
        assert "3 jobs: 3 active" in manager.status
        order = [name for message in manager.said for name in ("READY", "RELOADING", "STOPPING") if name in message]
        assert order == ["READY", "RELOADING", "READY", "RELOADING", "READY"]
        assert all("MONOTONIC_USEC" in message for message in manager.said if "RELOADING" in message)

        assert await daemon.stop() == 0
        assert manager.count("STOPPING") == 1


async def test_a_daemon_that_does_not_start_is_never_ready(tmp_path: Path) -> None:
    async with managed(tmp_path) as (daemon, manager):
        daemon.database.write_bytes(b"this is no database" * 500)
        daemon.write(notifiers={"backend": webhook("http://127.0.0.1:9/hook")})
        assert await daemon.run() == 1
        assert manager.count("READY") == 0


async def test_a_database_that_is_locked_is_told_and_the_watchdog_is_fed(tmp_path: Path) -> None:
    """Locked by a foreign program: polling pauses, the status says so, the watchdog is fed, and it goes on by itself."""
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        managed(tmp_path) as (daemon, manager),
    ):
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 3, within=30)
        locking = sqlite3.connect(daemon.database, isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        world.put("job-1", {"state": "TRAIN_SUCCESS"})
        await until(lambda: "the database does not take part" in daemon.log)
        assert "another program has locked it" in daemon.log
        fed = manager.count("WATCHDOG")
        await manager.until(lambda heard: heard.count("WATCHDOG") > fed)
        locking.execute("ROLLBACK")
        locking.close()
        await receiver.until(lambda one: "TRAIN_SUCCESS" in [event.transition for event in one.events], within=30)
        assert daemon.log.count("the database does not take part:") <= 2
        assert "the database takes part again" in daemon.log
        assert await daemon.stop() == 0
