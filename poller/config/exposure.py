"""Whether secrets lie about: files with secrets in them that more people can read than have to."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from poller.config.secrecy import Surroundings

_ANYBODY = stat.S_IROTH | stat.S_IWOTH
_GROUP = stat.S_IRGRP | stat.S_IWGRP


def exposures(file: Path, around: Surroundings) -> Sequence[str]:
    """One sentence for each file that is too open: those that secrets were read from, and `file`, the configuration, if it holds some."""
    files = [*([file] if around.plain else []), *around.files]
    return [said for one in dict.fromkeys(files) for said in _exposed(one)]


def _exposed(file: Path) -> Iterator[str]:
    """A group may read a file of root: that is how a service gets it. The file of another user needs no group."""
    try:
        found = file.stat()
    except OSError:
        return
    mode = f"{stat.S_IMODE(found.st_mode):04o}"
    if found.st_mode & _ANYBODY:
        yield f"{file} holds a secret, and everybody on this machine can get at it (mode {mode}): chmod o= {file}"
    elif found.st_mode & _GROUP and found.st_uid == os.geteuid() != 0:
        yield f"{file} holds a secret, and its group can get at it (mode {mode}): chmod go= {file}"
