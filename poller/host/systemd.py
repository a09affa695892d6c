"""What systemd is told (sd_notify(3), INTERFACE.md section 8): a datagram of KEY=VALUE lines to the socket that it names.

Nothing here can fail the daemon: where nobody listens, nobody is told.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

STATUS_LIMIT: Final = 400  # characters: `systemctl status` shows one line
PATIENCE: Final = 2.0  # seconds that a busy service manager may take to accept a message
_MICROSECONDS: Final = 1_000_000


class Supervisor:
    """The service manager that started this process, or nobody. `address` is that of $NOTIFY_SOCKET.

    `watchdog` is how long (seconds) it waits for a sign of life; None: it does not wait for one.
    """

    def __init__(self, address: str | None = None, watchdog: float | None = None) -> None:
        self._address = _socket_address(address)
        self.watchdog = watchdog if self._address is not None else None

    @property
    def listens(self) -> bool:
        """Whether there is somebody to tell."""
        return self._address is not None

    def ready(self, status: str) -> None:
        """The daemon works: after its start, and after a reload that succeeded or changed nothing."""
        self._tell("READY=1", _status(status))

    def reloading(self) -> None:
        """The configuration is read again; `ready` ends it. The instant lets systemd tell this reload from an earlier one."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str) -> None:
        """The daemon ends by itself, or was told to."""
        self._tell("STOPPING=1", _status(status))

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._tell(_status(status))

    def alive(self) -> None:
        """A sign of life for the watchdog."""
        self._tell("WATCHDOG=1")

    def wait_longer(self, seconds: float, status: str) -> None:
        """The start takes longer: it is no failure for so many seconds from now."""
        self._tell(f"EXTEND_TIMEOUT_USEC={int(seconds * _MICROSECONDS)}", _status(status))

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(PATIENCE)
            out.sendto("\n".join(lines).encode(), self._address)


def supervisor(environ: Mapping[str, str]) -> Supervisor:
    """From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID."""
    return Supervisor(environ.get("NOTIFY_SOCKET"), _watchdog(environ))


def _watchdog(environ: Mapping[str, str]) -> float | None:
    given, meant_for = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID") or str(os.getpid())
    if not given.isdecimal() or int(given) == 0 or meant_for != str(os.getpid()):
        return None
    return int(given) / _MICROSECONDS


def _socket_address(text: str | None) -> str | None:
    """A path, or a name in the abstract namespace, which systemd writes with an @. Other kinds of sockets are not served."""
    if not text or text[0] not in "/@":
        return None
    return "\0" + text[1:] if text[0] == "@" else text


def _status(text: str) -> str:
    line = " ".join(text.split())
    return f"STATUS={line[:STATUS_LIMIT]}"
