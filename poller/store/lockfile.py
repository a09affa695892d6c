"""Only one daemon writes a database file: a lock that the kernel drops with the process, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from poller.errors import StoreBusy, StoreUnavailable
from poller.store.ownership import give_to_owner_of_folder

_PID_BYTES: Final = 20


@contextmanager
def sole_user(database: Path) -> Iterator[None]:
    """Hold ``<database>.lock`` (mode 0600), beside the file itself where `database` is a link to it.

    Raises StoreBusy when another process holds it, naming that process.

    The file stays behind on purpose: removing it would let two processes lock two files of one name.
    """
    descriptor = _open(Path(os.path.realpath(database) + ".lock"))
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, _PID_BYTES, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreBusy(
                f"another poller daemon (pid {holder}) already uses {database}; stop it or give this one its own store.url"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open(file: Path) -> int:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"cannot open the lock file {file}: {error.strerror}; the directory of store.url must exist and be writable"
        ) from None
    give_to_owner_of_folder(descriptor, file)
    return descriptor
