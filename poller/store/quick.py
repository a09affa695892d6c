"""An aiosqlite connection that crosses to its thread once per statement, instead of five times.

A crossing costs as much as an UPDATE of several rows, and polls are recorded all day. SQLAlchemy asks for a cursor, executes, fetches,
closes, and begins the transaction with another such round; here all of that happens in one visit to the thread.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self, TypeAlias

import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection

THREAD_END: Final = 5.0  # seconds that a thread may take to end once it has been told to; it has nothing left to do
Run: TypeAlias = Callable[[sqlite3.Connection], sqlite3.Cursor]
Done: TypeAlias = tuple[sqlite3.Cursor, list[Any]]
_ITER_CHUNK: Final = 64  # rows; aiosqlite's own default, for cursors that are iterated (none here)


class QuickConnection(aiosqlite.Connection):
    """`begin` is the statement that opens a transaction before the first statement that finds none open.

    The driver's own way of beginning must be off (`isolation_level` None): it would begin deferred ones, which fail when a reader
    turns to writing.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, begin: str) -> None:
        super().__init__(connect, iter_chunk_size=_ITER_CHUNK)
        self._begin = begin
        self._way = self._in_transaction

    async def opened(self) -> Self:
        """Connect. Where that fails the thread is waited for: it would report its end to a loop that may be closed by then."""
        try:
            await self
        except Exception:
            self._thread.join(THREAD_END)
            raise
        return self

    def cursor(self) -> "QuickCursor":  # type: ignore[override]  # what SQLAlchemy needs of a cursor, not all that aiosqlite has
        """A cursor that exists only once it executes."""
        return QuickCursor(self)

    @contextmanager
    def single(self) -> Iterator[None]:
        """Each statement is a transaction of its own meanwhile."""
        self._way = self._alone
        try:
            yield
        finally:
            self._way = self._in_transaction

    async def commit(self) -> None:
        """Keep what the open transaction has written; where there is none, nothing needs the thread."""
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Undo the open transaction; where there is none, nothing needs the thread."""
        if self.in_transaction:
            await super().rollback()

    async def visit(self, run: Run) -> Done:
        """Run one statement, or several, in the thread, in a transaction; the cursor of the last, and all its rows."""
        enter: Callable[..., Awaitable[Any]] = (
            self._execute
        )  # aiosqlite's way into its thread: all of its methods take it
        done: Done = await enter(self._way, run)
        return done

    def _in_transaction(self, run: Run) -> Done:
        if not self._conn.in_transaction:
            self._conn.execute(self._begin)
        return self._alone(run)

    def _alone(self, run: Run) -> Done:
        cursor = run(self._conn)
        return cursor, cursor.fetchall() if cursor.description else []


def quick(connection: AsyncConnection) -> QuickConnection | None:
    """What is behind a connection of SQLAlchemy that is open; None where that is another database."""
    opened = None if connection.sync_connection is None else connection.sync_connection.connection.driver_connection
    return opened if isinstance(opened, QuickConnection) else None


class QuickCursor:
    """The part of a cursor that SQLAlchemy's adapter of aiosqlite uses."""

    arraysize = 1

    def __init__(self, connection: QuickConnection) -> None:
        self._connection = connection
        self._done: sqlite3.Cursor | None = None
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute, and fetch what there is."""
        self._done, self._rows = await self._connection.visit(lambda connection: connection.execute(sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute once for each of `parameters`."""
        self._done, self._rows = await self._connection.visit(
            lambda connection: connection.executemany(sql, parameters)
        )
        return self

    async def fetchall(self) -> list[Any]:
        """The rows, which are here already."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """The rows are fetched, so nothing is left open."""

    @property
    def description(self) -> Any:
        """The names of the columns, as in PEP 249."""
        return None if self._done is None else self._done.description

    @property
    def rowcount(self) -> int:
        """Rows that were changed, as in PEP 249."""
        return -1 if self._done is None else self._done.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The key of the last row inserted, as in PEP 249."""
        return None if self._done is None else self._done.lastrowid
