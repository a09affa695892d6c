import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from poller.cli.control import control
from poller.errors import PollerError, StoreBusy
from poller.web.address import LONGEST_ADDRESS, short_address
from poller.web.socket import serve_socket
from tests.web.asking import silent


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_socket_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with serve_socket(silent(), tmp_path / "s"):
            assert _mode(tmp_path / "s") == 0o600
        assert os.umask(0) == 0
    finally:
        os.umask(before)


async def test_the_socket_is_gone_at_the_end(tmp_path: Path) -> None:
    async with serve_socket(silent(), tmp_path / "s"):
        pass

    assert os.listdir(tmp_path) == []


async def test_a_socket_that_a_killed_daemon_left_behind_is_replaced(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(tmp_path / "s"))
    assert (tmp_path / "s").exists()

    async with serve_socket(silent(), tmp_path / "s"):
        assert _mode(tmp_path / "s") == 0o600


async def test_a_socket_on_which_somebody_answers_is_left_alone(tmp_path: Path) -> None:
    async with serve_socket(silent(), tmp_path / "s"):
        with pytest.raises(StoreBusy, match="another poller answers"):
            async with serve_socket(silent(), tmp_path / "s"):
                pass
        assert (tmp_path / "s").exists()


async def test_a_file_in_the_way_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")

    with pytest.raises(PollerError, match="in the way"):
        async with serve_socket(silent(), tmp_path / "s"):
            pass
    assert (tmp_path / "s").read_text() == "precious"


async def test_a_socket_that_another_daemon_has_put_in_its_place_is_not_removed(tmp_path: Path) -> None:
    async with serve_socket(silent(), tmp_path / "s"):
        (tmp_path / "s").unlink()
        (tmp_path / "s").write_text("another's")

    assert (tmp_path / "s").exists()


async def test_a_folder_that_is_not_there_is_told_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(PollerError, match="nowhere/s cannot be made"):
        async with serve_socket(silent(), tmp_path / "nowhere" / "s"):
            pass


@pytest.mark.parametrize("length", [LONGEST_ADDRESS, LONGEST_ADDRESS + 1, 107, 108, 220])
async def test_a_path_of_any_length_is_served_and_reached(tmp_path: Path, length: int) -> None:
    folder = tmp_path
    while len(str(folder / "poller.sock")) < length:
        missing = length - len(str(folder / "poller.sock")) - 1
        folder = folder / ("d" * max(1, min(missing, 100)))
    folder.mkdir(parents=True, exist_ok=True)

    async with serve_socket(silent(), folder / "poller.sock"):
        assert _mode(folder / "poller.sock") == 0o600
        async with control(folder / "poller.sock") as daemon:
            with pytest.raises(PollerError, match="answered 404"):
                await daemon.get("status")


def test_a_short_path_is_its_own_address(tmp_path: Path) -> None:
    with short_address(Path("/run/poller/poller.sock")) as address:
        assert address == "/run/poller/poller.sock"


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    before = len(os.listdir("/proc/self/fd"))

    with short_address(folder / "poller.sock"):
        pass

    assert len(os.listdir("/proc/self/fd")) == before
