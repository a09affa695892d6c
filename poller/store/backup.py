"""A copy of a SQLite database while it is in use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread

from poller.errors import StoreError, UsageError
from poller.store.database import Database


async def backup(database: Database, file: Path) -> None:
    """Write a consistent, compact copy to `file` (mode 0600), which must not exist; a copy that failed is removed.

    Raises UsageError when `file` exists or cannot be made, StoreError on PostgreSQL, StoreFull when the disk is full.
    """
    if not database.is_sqlite:
        raise StoreError("a PostgreSQL database is backed up with its own tool: pg_dump")
    with _fresh(file) as descriptor:
        async with database.outside_transactions(write=False) as sqlite:
            # The pragma also forbids writing to the copy. The connection itself is read-only, so the original is safe without it.
            await sqlite.execute("PRAGMA query_only = OFF")
            try:
                await sqlite.execute("VACUUM INTO ?", (str(file),))
            finally:
                await sqlite.execute("PRAGMA query_only = ON")
        await anyio.to_thread.run_sync(os.fsync, descriptor)


@contextmanager
def _fresh(file: Path) -> Iterator[int]:
    """An empty file that nobody else can read, which VACUUM INTO takes; removed by an exception."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise UsageError(f"{file} exists; a backup overwrites nothing, name another file") from None
    except OSError as error:
        raise UsageError(f"cannot make {file}: {error.strerror}") from None
    try:
        yield descriptor
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
