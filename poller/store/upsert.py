"""INSERT … ON CONFLICT, which SQLAlchemy spells for each database apart."""

from collections.abc import Sequence

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(connection: AsyncConnection, table: Table, key: Sequence[str]) -> Insert:
    """Insert, or overwrite the row with the same `key`."""
    statement = _insert(connection, table)
    rest = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=rest)


def insert_new(connection: AsyncConnection, table: Table, key: Sequence[str]) -> Insert:
    """Insert unless there is a row with the same `key`."""
    return _insert(connection, table).on_conflict_do_nothing(index_elements=list(key))


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
