"""What systemd is told, heard at a real datagram socket; and who is told nothing."""

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from poller.host.systemd import STATUS_LIMIT, Supervisor, supervisor


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + address[1:] if address.startswith("@") else address)
        heard.settimeout(5.0)
        yield heard


def said(heard: socket.socket) -> list[str]:
    return heard.recv(65536).decode().split("\n")


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "abstract":
        yield f"@poller-test-{os.getpid()}"
        return
    with tempfile.TemporaryDirectory() as folder:  # a socket's path may have 107 bytes; pytest's folders are long
        yield str(Path(folder) / "notify")


def test_each_message_is_one_datagram_of_lines(address: str) -> None:
    with listening(address) as heard:
        manager = Supervisor(address, watchdog=10.0)
        manager.ready("all\nis  well")
        assert said(heard) == ["READY=1", "STATUS=all is well"]
        manager.status("so so")
        assert said(heard) == ["STATUS=so so"]
        manager.alive()
        assert said(heard) == ["WATCHDOG=1"]
        manager.stopping("bye")
        assert said(heard) == ["STOPPING=1", "STATUS=bye"]
        manager.wait_longer(60.0, "upgrading")
        assert said(heard) == ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=upgrading"]


def test_a_reload_says_when_it_began_by_the_monotonic_clock(address: str) -> None:
    with listening(address) as heard:
        before = time.monotonic()
        Supervisor(address).reloading()
        first, second = said(heard)
    name, _, value = second.partition("=")
    assert (first, name) == ("RELOADING=1", "MONOTONIC_USEC")
    assert before - 1e-6 <= int(value) / 1e6 <= time.monotonic()


def test_a_status_is_bounded(address: str) -> None:
    with listening(address) as heard:
        Supervisor(address).status("x" * 5000)
        assert said(heard) == ["STATUS=" + "x" * STATUS_LIMIT]


@pytest.mark.parametrize("nobody", [None, "", "vsock:2:1234", "relative/path"])
def test_without_a_socket_nobody_is_told_and_no_watchdog_waits(nobody: str | None) -> None:
    manager = Supervisor(nobody, watchdog=10.0)
    manager.ready("well")
    assert (manager.listens, manager.watchdog) == (False, None)


def test_a_socket_on_which_nobody_listens_stops_nobody(tmp_path: Path) -> None:
    manager = Supervisor(str(tmp_path / "gone"))
    manager.ready("well")
    assert manager.listens


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_waits_for_the_process_that_systemd_named(environ: dict[str, str], expected: float | None) -> None:
    assert supervisor({"NOTIFY_SOCKET": "/run/notify", **environ}).watchdog == expected
