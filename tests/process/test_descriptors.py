"""No file descriptor is free: the daemon says so, loses nothing, and goes on by itself when some are."""

import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import psutil
import pytest

from poller.simulator.audit import audit
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in, until
from tests.process.settings import SECRET, source, webhook

JOBS = 20
AT_ONCE = 4  # attempts, and so connections that are kept
TEN_SECONDS = struct.pack("ll", 10, 0)  # a timeval
MANY = 10_000  # descriptors, really open in the daemon


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
            notifiers={"backend": webhook(receiver.url, concurrency=AT_ONCE, retry=["500ms"] * 10 + ["2s"] * 40)},
        )
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == JOBS, within=30)
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        # Everything from the lowest number that is not one of its own files: connections that it has are kept, new ones fail.
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        for number in range(JOBS):
            world.put(f"job-{number}", {"state": "TRAIN_SUCCESS"})
        # One kept connection would carry it all: as many are reset as a notifier has at most, so that a new one is needed.
        receiver.force("reset", times=AT_ONCE)
        simulator.force("reset", times=3)
        await until(lambda: "too many open files" in daemon.log, within=60)
        assert psutil.pid_exists(pid)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        await receiver.until(lambda one: audit(world.truths(), one.arrivals).ok, within=60)
        assert await daemon.stop() == 0


@contextmanager
def _as_many_files(more: int) -> Iterator[None]:
    """This process may open as many files as the system lets it; skips where that is not enough."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < more:
        pytest.skip(f"the hard limit of open files is {before[1]}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _connect_until_full(path: Path, process: psutil.Process, crowd: list[socket.socket]) -> None:
    """Connections to the control socket, which nobody but the daemon's own user can make, until it has no descriptor left."""
    while process.num_fds() < MANY:
        for _ in range(min(500, MANY - process.num_fds() + 1)):
            one = socket.socket(socket.AF_UNIX)
            crowd.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, TEN_SECONDS)  # it waits for its turn
            one.connect(str(path))


async def test_ten_thousand_descriptors_in_use_are_said_and_it_goes_on_when_they_are_free(tmp_path: Path) -> None:
    world = World()
    for number in range(JOBS):
        world.put(f"job-{number}", {"state": "TRAINING"})
    crowd: list[socket.socket] = []
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        running_receiver(SECRET) as late,
        daemon_in(tmp_path) as daemon,
    ):
        with _as_many_files(MANY + 1000):
            quick = ["500ms"] * 10 + ["2s"] * 40
            daemon.write(
                sources={"prod": source(simulator)},
                notifiers={
                    "backend": webhook(receiver.url, retry=quick),
                    "late": webhook(late.url, retry=quick),  # to which there is no connection yet
                },
                routes=[{"on": ["WATCHED"], "notify": ["backend"]}, {"on": ["TRAIN_SUCCESS"], "notify": ["late"]}],
            )
            await daemon.start()
            await receiver.until(lambda one: len(one.events) == JOBS, within=30)
            process = psutil.Process(daemon.process.pid)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (MANY, MANY))
            try:
                await anyio.to_thread.run_sync(_connect_until_full, tmp_path / "poller.sock", process, crowd)
                assert process.num_fds() == MANY
                for number in range(JOBS):
                    world.put(f"job-{number}", {"state": "TRAIN_SUCCESS"})
                await until(lambda: "connect: too many open files" in daemon.log, within=60)
                await until(lambda: "file descriptors run short" in daemon.log)
            finally:
                for one in crowd:
                    one.close()
            await late.until(lambda one: audit(world.truths(), [*receiver.arrivals, *one.arrivals]).ok, within=60)
            assert process.num_fds() < 200
            assert await daemon.stop() == 0
            assert "Traceback" not in daemon.log
