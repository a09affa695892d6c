"""INSERT … ON CONFLICT, which SQLAlchemy spells for each database apart."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Insert, Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(connection: AsyncConnection, table: Table, key: Sequence[str], names: Sequence[str] | None = None) -> Insert:
    """Insert, or overwrite the columns `names` (all unless given) of the row with the same `key`.

    The same statement again for the same arguments, so that it can be compiled once; so does `insert_new`.
    """
    return _upsert(connection.dialect.name, table, tuple(key), tuple(names or table.c.keys()))


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    rest = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=rest)


def add_up(connection: AsyncConnection, table: Table, key: Sequence[str], names: Sequence[str]) -> Insert:
    """Insert, or add the columns `names` to those of the row with the same `key`."""
    statement = _insert(connection.dialect.name, table)
    sums = {name: table.c[name] + statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(key), set_=sums)


def insert_once(connection: AsyncConnection, table: Table, key: Sequence[str], name: str) -> Insert:
    """Insert, or set the column `name` of the row with the same `key` if it is null."""
    statement = _insert(connection.dialect.name, table)
    first = func.coalesce(table.c[name], statement.excluded[name])
    return statement.on_conflict_do_update(index_elements=list(key), set_={name: first})


def insert_new(connection: AsyncConnection, table: Table, key: Sequence[str]) -> Insert:
    """Insert unless there is a row with the same `key`."""
    return _insert_new(connection.dialect.name, table, tuple(key))


@cache
def _insert_new(dialect: str, table: Table, key: tuple[str, ...]) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=list(key))


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
