"""The control socket: the API for this machine's own operator, who proves himself by the file's permissions."""

import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from poller.errors import PollerError, StoreBusy
from poller.web.address import short_address

BACKLOG: Final = 64
CLOSING: Final = 2.0  # seconds that requests under way may take at the end
_PRIVATE: Final = 0o177  # umask: the socket is 0600 from the moment it is there
_KNOCK: Final = 1.0  # seconds that a socket found in place has to answer


@asynccontextmanager
async def serve_socket(app: web.Application, path: Path) -> AsyncIterator[None]:
    """Serve `app` at the unix socket `path`, mode 0600, until the block is left; then the socket is removed.

    A socket on which nobody answers is replaced. Raises StoreBusy when somebody does, PollerError when the place cannot be used.
    """
    listening, mine = _listen(path)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSING)
    try:
        await runner.setup()
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        yield
    finally:
        await runner.cleanup()
        listening.close()
        _remove(path, mine)


def _listen(path: Path) -> tuple[socket.socket, os.stat_result]:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_address(path) as address:
            _clear(path, address)
            before = os.umask(_PRIVATE)
            try:
                listening.bind(address)
            finally:
                os.umask(before)
        listening.setblocking(False)
        return listening, path.stat()
    except OSError as error:
        listening.close()
        raise PollerError(
            f"the control socket {path} cannot be made ({error.strerror}): "
            "expected a folder that is there and that poller's user may write to"
        ) from None
    except BaseException:
        listening.close()
        raise


def _clear(path: Path, address: str) -> None:
    """Remove a socket that a killed daemon left behind."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise PollerError(f"{path} is in the way of the control socket and is no socket: move it")
    if _answers(address):
        raise StoreBusy(f"another poller answers at {path}: stop it, or give this one its own folder")
    path.unlink(missing_ok=True)


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(_KNOCK)
        try:
            knocking.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # it is there and busy, or belongs to somebody else
            return True
    return True


def _remove(path: Path, mine: os.stat_result) -> None:
    """Remove our socket, not one that another daemon has put in its place."""
    with suppress(FileNotFoundError):
        if os.path.samestat(path.stat(), mine):
            path.unlink()
