"""Migrations: up, down and up again, and that they make the tables which the code uses. On both databases."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Inspector, inspect, text

from poller.errors import StoreError, StoreUnavailable
from poller.store.database import Database, open_database
from poller.store.place import to_place
from poller.store.schema import HEAD, alembic_config, require_current, schema_status, scripts, upgrade
from poller.store.store import open_archive, open_store, read_schema
from poller.store.tables import metadata
from tests.core.samples import NOON
from tests.store.conftest import Server

OLD_EVENT = """
    INSERT INTO events (position, id, type, transition, source, subject, time, observed_at, data)
    VALUES (1, 'e', 'poller.test', 'TEST', '', 'n', '2023-12-09T07:31:43Z', 1, '{}')
"""
OLD_DELIVERY = """
    INSERT INTO deliveries (event, notifier, state, attempts, next_attempt_at, created_at)
    VALUES (1, '{notifier}', 'pending', 0, 1, 1)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, file: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{file}"
    server: Server = request.getfixturevalue("postgresql")
    return server.fresh()


@pytest.fixture
async def database(empty: str) -> AsyncIterator[Database]:
    async with open_database(to_place(empty), exclusive=True) as opened:
        yield opened


def tables(connection: Connection) -> set[str]:
    inspector: Inspector = inspect(connection)
    return set(inspector.get_table_names())


async def test_an_empty_database_gets_the_newest_schema(database: Database) -> None:
    before = await upgrade(database, now=NOON)
    assert (before.revision, before.is_current) == (None, False)
    again = await upgrade(database, now=NOON)
    assert (again.revision, again.is_current) == (HEAD, True)
    await require_current(database)


async def test_up_down_and_up_again(database: Database) -> None:
    await upgrade(database, now=NOON)
    async with database.writing() as transaction:
        await transaction.run_sync(lambda connection: command.downgrade(alembic_config(connection), "base"))
        assert await transaction.run_sync(tables) == {"alembic_version"}
    await upgrade(database, now=NOON)
    async with database.reading() as view:
        assert await view.run_sync(tables) == {*metadata.tables, "alembic_version"}


async def test_the_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    await upgrade(database, now=NOON)

    def differences(connection: Connection) -> object:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    async with database.reading() as view:
        assert await view.run_sync(differences) == []


async def test_the_code_knows_the_newest_revision(database: Database) -> None:
    async with database.writing() as transaction:
        heads = await transaction.run_sync(
            lambda connection: ScriptDirectory.from_config(alembic_config(connection)).get_heads()
        )
    assert heads == [HEAD]


async def test_a_schema_of_a_newer_version_is_refused(empty: str) -> None:
    async with open_store(empty) as store, store.database.writing() as transaction:
        await transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="schema 9999 was made by a newer version of poller"):
        async with open_store(empty):
            pass
    with pytest.raises(StoreError, match="schema 9999 was made by a newer version of poller"):
        async with open_archive(empty):
            pass
    assert (await read_schema(empty)).revision == "9999"


async def test_a_database_without_tables_is_not_read(database: Database) -> None:
    assert (await schema_status(database)).revision is None
    with pytest.raises(StoreError, match=r"no tables of poller in it; run `poller db upgrade`"):
        await require_current(database)


async def test_an_upgrade_that_fails_leaves_nothing_behind(database: Database) -> None:
    async with database.writing() as transaction:
        await transaction.execute(text("CREATE TABLE deliveries (id INTEGER)"))
    with pytest.raises(StoreError):
        await upgrade(database, now=NOON)
    async with database.reading() as view:
        assert await view.run_sync(tables) == {"deliveries"}


def test_migrations_import_nothing_of_poller() -> None:
    for script in scripts().rglob("*.py"):
        assert "poller" not in script.read_text(), script


async def test_a_file_that_is_not_there_is_not_made_by_reading(file: Path) -> None:
    with pytest.raises(StoreUnavailable, match="there is no database at"):
        await read_schema(file)
    assert os.listdir(file.parent) == []


async def test_deliveries_of_the_first_schema_keep_their_numbers_and_no_number_is_given_twice(
    database: Database,
) -> None:
    def step(to: str, *, down: bool = False) -> Callable[[Connection], None]:
        return lambda connection: (command.downgrade if down else command.upgrade)(alembic_config(connection), to)

    async with database.writing() as transaction:
        await transaction.run_sync(step("0001"))
        await transaction.execute(text(OLD_EVENT))
        for number in (1, 2, 3):
            await transaction.execute(text(OLD_DELIVERY.format(notifier=f"n{number}")))
        await transaction.execute(text("DELETE FROM deliveries WHERE notifier = 'n3'"))
        await transaction.run_sync(step("0002"))
        added = OLD_DELIVERY.replace("notifier,", "recipient, notifier,").replace("'{notifier}'", "'{to}', 'mail'")
        for to in ("a@example.com", "b@example.com"):
            await transaction.execute(text(added.format(to=to)))
        rows = (await transaction.execute(text("SELECT id, notifier, recipient FROM deliveries ORDER BY id"))).all()
        await transaction.run_sync(step("0001", down=True))
        left = (await transaction.execute(text("SELECT id, notifier FROM deliveries ORDER BY id"))).all()
    assert [tuple(row) for row in rows] == [
        *((1, "n1", ""), (2, "n2", "")),
        *((4, "mail", "a@example.com"), (5, "mail", "b@example.com")),
    ]
    assert [tuple(row) for row in left] == [(1, "n1"), (2, "n2"), (4, "mail")]
