"""How to name a unix socket although the system allows its address only about a hundred bytes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from poller.errors import UsageError

LONGEST_ADDRESS: Final = 103  # bytes; `sun_path` holds 107 on Linux, 103 on macOS and the BSDs
_DESCRIPTORS: Final = Path("/proc/self/fd")


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address that bind and connect take for `path` while the block lasts, however long the path is.

    Raises UsageError when there is none, FileNotFoundError when the folder is missing.
    """
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    if not _DESCRIPTORS.is_dir():
        raise UsageError(
            f"the path of the control socket is too long ({path}): set RUNTIME_DIRECTORY to a folder with a short path"
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield str(_DESCRIPTORS / str(folder) / path.name)
    finally:
        os.close(folder)
