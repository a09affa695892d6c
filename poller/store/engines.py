"""How connections are opened: SQLite's pragmas, PostgreSQL's driver."""

import os
import sqlite3
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from poller.core.secret import Secret
from poller.errors import StoreError, StoreUnavailable
from poller.store.liveness import doubt
from poller.store.ownership import give_to_owner_of_folder
from poller.store.quick import QuickConnection

BUSY_TIMEOUT: Final = 5.0  # seconds that SQLite waits for a reader that restores the journal
CACHE_KIB: Final = 32 * 1024  # of page cache for the writer: the due jobs of 100,000 are scattered over their table
JOURNAL_BYTES: Final = 32 << 20  # the journal is cut back to this size after a checkpoint
CHECKPOINT_PAGES: Final = (
    8000  # of journal before its pages are moved to the file; 32 MB: pages that many jobs share are moved once
)
READERS: Final = 2  # connections for lists and metrics
SERVER_CONNECTIONS: Final = 5  # to PostgreSQL: writers of all sources and notifiers share them
POOL_TIMEOUT: Final = 30.0  # seconds to wait for a connection of the pool
CONNECT_TIMEOUT: Final = 10  # seconds
# A connection whose other end has vanished without a word is noticed after some 25 seconds.
KEEPALIVES: Final[Mapping[str, int]] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
SERVER_STATEMENT_TIMEOUT: Final = 30_000  # milliseconds, kept by PostgreSQL itself
IDLE: Final = 30.0  # seconds that a transaction may stand still, kept by PostgreSQL itself
OLDEST_SQLITE: Final = (3, 35, 0)  # the first with RETURNING

_WRITER_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA journal_size_limit = {JOURNAL_BYTES}",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"PRAGMA cache_size = -{CACHE_KIB}",
)
_READER_PRAGMAS: Final = ("PRAGMA query_only = ON",)


def create_file(file: Path) -> None:
    """Make an empty database file that only its owner can read; SQLite gives its journal the same mode.

    Raises StoreUnavailable when that is not possible.
    """
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            give_to_owner_of_folder(descriptor, file)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreUnavailable(f"cannot open {file}: {error.strerror}; check store.url") from None


def sqlite_writer(file: Path) -> AsyncEngine:
    """The only connection that writes: SQLite up to 3.51.2 can damage a file that two connections write or checkpoint at once."""
    return _sqlite(file, "rw", pragmas=_WRITER_PRAGMAS, begin="BEGIN IMMEDIATE", connections=1)


def sqlite_reader(file: Path) -> AsyncEngine:
    """Connections that cannot write."""
    return _sqlite(file, "ro", pragmas=_READER_PRAGMAS, begin="BEGIN", connections=READERS)


def _sqlite(file: Path, mode: str, *, pragmas: tuple[str, ...], begin: str, connections: int) -> AsyncEngine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; poller needs 3.35 or newer")
    uri = f"file:{quote(str(file.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    async def connected() -> QuickConnection:
        return await QuickConnection(connect, begin=begin).opened()

    return create_async_engine(
        "sqlite+aiosqlite:///file",
        async_creator=connected,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        hide_parameters=True,
    )


def postgresql(url: Secret, *, read_only: bool, session: bool, idle: float = IDLE) -> AsyncEngine:
    """A pool of connections to a server. `session`: each is one session; else nothing outlives a transaction.

    `idle`: seconds after which the server ends a transaction in which nothing happens, such as that of a process that was stopped.

    Raises StoreError when the driver is not installed, or for a URL that is none.
    """
    if find_spec("psycopg") is None:
        raise StoreError(
            "PostgreSQL needs the driver psycopg, which is not installed: pip install 'poller[postgresql]'"
        )
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:  # as PostgreSQL's own programs read it, several hosts included
        address = conninfo_to_dict(url.reveal())
    except ProgrammingError:
        raise StoreError("store.url: not a URL; expected postgresql://USER@HOST/DATABASE") from None
    settings = (
        f"statement_timeout={SERVER_STATEMENT_TIMEOUT}",
        f"idle_in_transaction_session_timeout={int(idle * 1000)}",
    )
    # A pooler in between passes no settings of a session on, and knows no statement that was prepared on another connection.
    kept = {"options": " ".join(f"-c {setting}" for setting in settings)} if session else {"prepare_threshold": None}
    engine = create_async_engine(
        "postgresql+psycopg://",
        pool_size=SERVER_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        hide_parameters=True,
        execution_options={"postgresql_readonly": True} if read_only else {},
        connect_args={"connect_timeout": CONNECT_TIMEOUT, **KEEPALIVES, **address, **kept},
    )
    doubt(engine)
    return engine
