"""The way of a statement into SQLite's thread: in a transaction, or as one by itself, which waits for no disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.errors import StoreError
from poller.store.database import Database, open_database
from poller.store.place import to_place
from poller.store.quick import quick

FULL, NORMAL = 2, 1  # of PRAGMA synchronous
MADE = text("CREATE TABLE made (number INTEGER PRIMARY KEY, how INTEGER)")
# What the pragma says while the statement runs is written down by the statement itself.
INSERT = text("INSERT INTO made SELECT :number, synchronous FROM pragma_synchronous RETURNING how")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(to_place(tmp_path / "quick.db"), exclusive=True) as opened:
        async with opened.writing() as transaction:
            await transaction.execute(MADE)
        yield opened


async def insert(connection: AsyncConnection, number: int) -> int:
    how: int = (await connection.execute(INSERT, {"number": number})).scalar_one()
    return how


def is_open(connection: AsyncConnection) -> bool:
    """Whether a transaction is."""
    opened = quick(connection)
    assert opened is not None
    return opened.in_transaction


async def numbers(database: Database) -> list[int]:
    async with database.reading() as view:
        return list((await view.execute(text("SELECT number FROM made ORDER BY number"))).scalars())


async def _break_off(database: Database) -> None:
    async with database.writing() as transaction:
        await insert(transaction, 2)
        raise ZeroDivisionError


async def test_what_is_written_in_a_transaction_is_there_as_a_whole_or_not_at_all_and_on_the_disk(
    database: Database,
) -> None:
    async with database.writing() as transaction:
        assert await insert(transaction, 1) == FULL
        assert is_open(transaction)
    with pytest.raises(ZeroDivisionError):
        await _break_off(database)
    assert await numbers(database) == [1]


async def test_a_single_statement_opens_nothing_and_waits_for_the_disk_too(database: Database) -> None:
    async with database.writing(single=True) as connection:
        assert await insert(connection, 1) == FULL
        assert not is_open(connection)
        assert await numbers(database) == [1]
    async with database.writing() as transaction:
        assert await insert(transaction, 2) == FULL
        assert is_open(transaction)


async def test_a_single_statement_that_fails_leaves_the_next_transaction_as_it_has_to_be(database: Database) -> None:
    async with database.writing(single=True) as connection:
        await insert(connection, 1)
        with pytest.raises(DBAPIError):
            await insert(connection, 1)
    with pytest.raises(StoreError):
        async with database.writing(single=True) as connection:
            await insert(connection, 1)
    async with database.writing() as transaction:
        assert await insert(transaction, 2) == FULL
        assert is_open(transaction)
    assert await numbers(database) == [1, 2]


async def test_of_a_single_look_nothing_stays_open_and_of_a_view_all_looks_see_the_same(database: Database) -> None:
    count = text("SELECT count(*) FROM made")
    async with database.reading(single=True) as look:
        assert (await look.execute(count)).scalar_one() == 0
        assert not is_open(look)
        async with database.writing() as transaction:
            await insert(transaction, 1)
        assert (await look.execute(count)).scalar_one() == 1
    async with database.reading() as view:
        assert (await view.execute(count)).scalar_one() == 1
        assert is_open(view)
        async with database.writing() as transaction:
            await insert(transaction, 2)
        assert (await view.execute(count)).scalar_one() == 1
