"""The copy of a SQLite database that is made before its schema is upgraded: beside it, named by revision and time, the newest few kept."""

import glob
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from poller.errors import StoreFull
from poller.store.backup import backup
from poller.store.database import Database

KEPT: Final = 3  # of these copies; older ones are removed when a new one is complete
MARGIN: Final = 1.1  # what has to be free, as a multiple of the copy's size
_SUFFIX: Final = ".before-upgrade"


async def safeguard(database: Database, file: Path, revision: str, *, now: float) -> Path:
    """Copy `file`, whose schema is `revision`; returns where to. Raises StoreFull, with the remedy, when there is no room for it."""
    need, free = MARGIN * _bytes(file), shutil.disk_usage(file.parent).free
    if free < need:
        raise StoreFull(
            f"{file}: before its schema is upgraded from {revision} a copy of {need / 1e6:.1f} MB is made, and {free / 1e6:.1f} MB "
            "are free; free some space, or make a copy elsewhere and run `poller db upgrade --no-backup`"
        )
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = _free_name(file.with_name(f"{file.name}.{revision}.{stamp}{_SUFFIX}"))
    await backup(database, copy)
    for old in copies(file)[:-KEPT]:
        old.unlink(missing_ok=True)
    return copy


def copies(file: Path) -> list[Path]:
    """The copies of this database that upgrades have left, oldest first."""
    found = file.parent.glob(f"{glob.escape(file.name)}.*{_SUFFIX}")
    return sorted(found, key=lambda copy: (copy.stat().st_mtime_ns, copy.name))


def _free_name(wanted: Path) -> Path:
    """An upgrade that failed, and is tried again within the same second, has left this name taken."""
    number, free = 1, wanted
    while free.exists():
        number += 1
        free = wanted.with_name(wanted.name.replace(_SUFFIX, f"-{number}{_SUFFIX}"))
    return free


def _bytes(file: Path) -> int:
    journal = file.with_name(file.name + "-wal")
    return file.stat().st_size + (journal.stat().st_size if journal.exists() else 0)
