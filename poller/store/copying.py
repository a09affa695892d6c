"""Moving from a SQLite file to PostgreSQL: every row with its id, in one transaction, and counted on both sides."""

import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Table, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.errors import StoreError, UsageError
from poller.store.codec import clean
from poller.store.database import open_database
from poller.store.lockfile import sole_user
from poller.store.place import Place
from poller.store.schema import require_current, upgrade
from poller.store.tables import budgets, chores, credentials, daemons, floors, metadata

BATCH: Final = 2000  # rows at a time
_AGREEMENTS: Final = (daemons, chores, budgets, credentials, floors)  # of daemons that do not exist any more
TABLES: Final = tuple(table for table in metadata.sorted_tables if table not in _AGREEMENTS)
_LENT: Final = ("claimed_until", "owner")  # leases of the daemon that was stopped

Progress = Callable[[str, int, int], None]
"""A table, how many of its rows are there, and how many there will be."""


async def copy(source: Place, target: Place, progress: Progress) -> dict[str, int]:
    """Copy a SQLite database to an empty PostgreSQL one, whose tables are made; returns the rows by table.

    Either everything is there at the end, or nothing. Raises UsageError for other kinds of databases or a target with rows in it,
    StoreBusy while a daemon uses the file: what it wrote after the copy would be lost.
    """
    if source.file is None or target.file is not None:
        raise UsageError("a copy goes from sqlite:///FILE to postgresql://USER@HOST/DATABASE")
    with sole_user(source.file):
        async with open_database(source, exclusive=False) as old, open_database(target, exclusive=True) as new:
            await require_current(old)
            await upgrade(new, now=time.time())
            async with old.long_reading() as view, new.long_writing() as transaction:
                await _require_empty(transaction, target)
                copied = {table.name: await _copy(view, transaction, table, progress) for table in TABLES}
                for table in TABLES:
                    await _go_on_counting(transaction, table)
                await _compare(transaction, copied)
    return copied


async def _require_empty(transaction: AsyncConnection, target: Place) -> None:
    full = [table.name for table in TABLES if (await transaction.execute(select(table).limit(1))).first() is not None]
    if full:
        raise UsageError(f"{target.shown} has rows in {', '.join(full)}; a copy needs an empty database, name another")


async def _copy(view: AsyncConnection, transaction: AsyncConnection, table: Table, progress: Progress) -> int:
    """Page by page along the key: the connection to SQLite fetches whole answers."""
    total = (await view.execute(select(func.count()).select_from(table))).scalar_one()
    keys = list(table.primary_key.columns)
    page = select(table).order_by(*keys).limit(BATCH)
    done = 0
    after: tuple[Any, ...] | None = None
    while True:
        wanted = page if after is None else page.where(tuple_(*keys) > tuple_(*after))
        rows = (await view.execute(wanted)).mappings().all()
        if rows:
            await transaction.execute(insert(table), [_row(dict(row)) for row in rows])
            after = tuple(rows[-1][key.name] for key in keys)
            done += len(rows)
            progress(table.name, done, total)
        if len(rows) < BATCH:
            return done


def _row(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}
    return kept | {name: None for name in _LENT if name in kept}


async def _go_on_counting(transaction: AsyncConnection, table: Table) -> None:
    """New rows get numbers behind those that were copied."""
    key = table.primary_key.columns[0]
    sequence = await transaction.execute(text(f"SELECT pg_get_serial_sequence('{table.name}', '{key.name}')"))
    name = sequence.scalar()
    last = (await transaction.execute(select(func.max(key)))).scalar() if name else None
    if last is not None:
        await transaction.execute(select(func.setval(name, last)))


async def _compare(transaction: AsyncConnection, copied: dict[str, int]) -> None:
    for table in TABLES:
        arrived = (await transaction.execute(select(func.count()).select_from(table))).scalar_one()
        if arrived != copied[table.name]:
            raise StoreError(
                f"{table.name}: {copied[table.name]} rows were read and {arrived} arrived; nothing was kept, try again"
            )
