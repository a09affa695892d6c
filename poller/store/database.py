"""The open database: short transactions, one writer on SQLite, driver errors translated."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from typing import Any, Final

import anyio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from poller.errors import StoreError, StoreFull, StoreUnavailable
from poller.store.agreeing import Identity
from poller.store.engines import IDLE, create_file, postgresql, sqlite_reader, sqlite_writer
from poller.store.failures import translated
from poller.store.held import Held
from poller.store.lockfile import sole_user
from poller.store.place import Place
from poller.store.quick import quick

_ALONE: Final = {"isolation_level": "AUTOCOMMIT"}
# What a daemon that stands still in a transaction has locked is free again before those that wait for it miss their beats, with so many of
# such waits in the time of a lease, and before anybody notices.
STANDSTILLS: Final = 3
STANDSTILL: Final = 2.0  # seconds, whatever the lease
TRANSACTION_LIMIT: Final = 60.0  # seconds; a transaction that a cancellation cannot end must end by itself


class Database:
    """Transactions. `writing` ones happen whole or not at all, and one after the other on SQLite.

    `identity` is this daemon among those that share the database; None on SQLite, where there is one and nothing is to be told apart.
    `held` is what it has claimed.
    """

    def __init__(
        self, place: Place, *, writer: AsyncEngine | None, reader: AsyncEngine, identity: Identity | None = None
    ) -> None:
        self.place = place
        self.identity = identity
        self.held = Held()
        self.is_sqlite = place.file is not None
        self._writer = writer
        self._single = writer if writer is None or self.is_sqlite else writer.execution_options(**_ALONE)
        self._reader = reader
        self._turn = anyio.Lock() if self.is_sqlite else nullcontext()
        self.errors: Counter[str] = Counter()  # by kind: those that were raised so far

    @asynccontextmanager
    async def writing(
        self, limit: float = TRANSACTION_LIMIT, *, single: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end, rolled back by an exception.

        A cancelled commit may have happened all the same, so a transaction that has begun is not cancelled: it ends, or fails after
        `limit` seconds. `single`: each statement is one, so that neither BEGIN nor COMMIT has to travel.
        Raises StoreFull, StoreUnavailable or StoreError.
        """
        async with self._turn:
            try:
                with self._counted(), anyio.fail_after(limit, shield=True):
                    async with self._write_engine(single=single).begin() as transaction:
                        with _single(transaction) if single else nullcontext():
                            yield transaction
            except StoreFull:
                await self._reuse_journal()
                raise

    @asynccontextmanager
    async def reading(self, *, single: bool = False) -> AsyncIterator[AsyncConnection]:
        """One consistent view; to be short, since a journal that is being read cannot shrink. `single`: each statement has its own."""
        with self._counted(), anyio.fail_after(TRANSACTION_LIMIT, shield=True):
            async with self._reader.connect() as view:
                with _single(view) if single else nullcontext():
                    yield view

    @asynccontextmanager
    async def long_reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view for as long as it takes; for commands while no daemon runs."""
        with translated(self.place.shown):
            async with self._reader.connect() as view:
                yield view

    @asynccontextmanager
    async def long_writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction for as long as it takes; for commands while no daemon runs."""
        with translated(self.place.shown):
            async with self._write_engine().begin() as transaction:
                if not self.is_sqlite:
                    await transaction.execute(text("SET LOCAL statement_timeout = 0"))
                yield transaction

    @asynccontextmanager
    async def outside_transactions(self, *, write: bool) -> AsyncIterator[Any]:
        """SQLite's own connection, for what cannot run in a transaction (checkpoint, VACUUM)."""
        async with self._turn if write else nullcontext():
            with self._counted(), anyio.CancelScope(shield=True):
                engine = self._write_engine() if write else self._reader
                async with engine.connect() as connection:
                    raw = await connection.get_raw_connection()
                    yield raw.driver_connection

    async def _reuse_journal(self) -> None:
        """Move the journal into the file as far as that needs no space: then its own space is written anew. SQLite only."""
        if not self.is_sqlite:
            return
        with suppress(StoreError), translated(self.place.shown), anyio.CancelScope(shield=True):
            async with self._write_engine().connect() as connection:
                raw: Any = await connection.get_raw_connection()
                await raw.driver_connection.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            with translated(self.place.shown):
                yield
        except StoreError as error:
            self.errors[type(error).__name__] += 1
            raise

    def _write_engine(self, *, single: bool = False) -> AsyncEngine:
        engine = self._single if single else self._writer
        if engine is None:
            raise StoreUnavailable(f"{self.place.shown}: opened for reading only")
        return engine


@contextmanager
def _single(connection: AsyncConnection) -> Iterator[None]:
    opened = quick(connection)
    with nullcontext() if opened is None else opened.single():
        yield


@asynccontextmanager
async def open_database(place: Place, *, exclusive: bool, identity: Identity | None = None) -> AsyncIterator[Database]:
    """Open `place`. `exclusive`: for the daemon, which writes; else for reading only. Creates the file of an exclusive one.

    `identity` is how a daemon signs what it claims on PostgreSQL; a new one unless given.

    Raises StoreBusy when another process has it exclusively, StoreUnavailable when it cannot be opened.
    """
    with _alone(place, exclusive=exclusive):
        writer, reader = _engines(place, exclusive=exclusive, identity=identity)
        try:
            shares = exclusive and place.file is None
            yield Database(place, writer=writer, reader=reader, identity=(identity or Identity()) if shares else None)
        finally:
            with anyio.CancelScope(shield=True):
                await reader.dispose()
                if writer is not None:
                    await writer.dispose()


@contextmanager
def _alone(place: Place, *, exclusive: bool) -> Any:
    if place.file is None or not exclusive:
        yield
        return
    with sole_user(place.file):
        create_file(place.file)
        yield


def _engines(place: Place, *, exclusive: bool, identity: Identity | None) -> tuple[AsyncEngine | None, AsyncEngine]:
    if place.file is None:
        session = exclusive and (identity is None or identity.listen)
        idle = IDLE if identity is None else min(identity.lease / STANDSTILLS, STANDSTILL)
        engine = postgresql(place.url, read_only=not exclusive, session=session, idle=idle)
        return (engine if exclusive else None), engine
    if not exclusive and not place.file.exists():
        raise StoreUnavailable(
            f"there is no database at {place.file}; check store.url, or start the daemon, which makes it"
        )
    return (sqlite_writer(place.file) if exclusive else None), sqlite_reader(place.file)
