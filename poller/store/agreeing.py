"""What daemons on one PostgreSQL agree by: one clock, and rows that are changed only if they still say what they said."""

import os
import socket
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import Double, literal_column

from poller import __version__

LEASE: Final = 30.0  # seconds, by default: so long after its last beat a daemon counts as dead, and its work passes on

# The server's own time, seconds since 1970.
NOW: Final = literal_column("extract(epoch FROM clock_timestamp())::float8", type_=Double)


def _here() -> str:
    """Names the space in which the process numbers of this machine mean something: one boot, one namespace."""
    try:
        space = Path("/proc/sys/kernel/random/boot_id").read_text().strip() + str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:  # no Linux, or a very closed room: nobody else is here then
        space = uuid4().hex
    return sha256(space.encode()).hexdigest()[:6]


HERE: Final = _here()


def _id() -> str:
    return f"{uuid4().hex[:8]}.{HERE}"


def is_running(pid: int) -> bool:
    """Whether there is a process of this number here."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """This daemon among those that share the database. `id` is new with every start: a fence as well as a name.

    `listen`: connections are its own from beginning to end, so that it can hear what others record; else each transaction may be on
    another one, as behind PgBouncer in transaction mode.
    """

    id: str = field(default_factory=_id)
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    version: str = __version__
    lease: float = LEASE
    listen: bool = True
