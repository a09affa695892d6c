"""Whose the database's files are: a command that root gives must not leave behind files which the daemon's user cannot open."""

import os
from contextlib import suppress
from pathlib import Path


def give_to_owner_of_folder(descriptor: int, file: Path) -> None:
    """Root hands a file that it made to the user that the folder belongs to. For others there is nothing to do."""
    if os.geteuid() != 0:
        return
    with suppress(OSError):  # a file system without owners
        folder = file.absolute().parent.stat()
        if folder.st_uid != os.fstat(descriptor).st_uid:
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
