"""One statement for many rows, the quick way.

On SQLite straight to the driver, since SQLAlchemy's way there costs more than the row. On PostgreSQL as one statement about arrays:
sent once for each row it is planned, bound and answered once for each row, which costs more than the row as well.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import BindParameter, CursorResult, Dialect, Insert, Update, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.visitors import replacement_traverse

from poller.store.quick import quick

KEPT: Final = 64  # compiled statements; there are a dozen
GIVEN: Final = "given"  # the rows, as PostgreSQL sees them: a table with one column for each of their keys

Row: TypeAlias = tuple[object, ...]
Part: TypeAlias = tuple[Insert | Update, tuple[str, ...], Sequence[Row]]
"""A statement, the names of its values, and its rows: what `execute_many` takes."""


async def execute_many(
    transaction: AsyncConnection, statement: Insert | Update, names: tuple[str, ...], rows: Sequence[Row]
) -> CursorResult[Any]:
    """Execute once for each of `rows` (at least one), whose values are those of `names`: of columns or of parameters, at least two.

    `statement` is one that outlives the call, as it is compiled once, and holds no values of its own. Those of the rows are such as
    SQLite takes without conversion: text, bytes, numbers and booleans. An update names its row by one of them, and each row once.
    """
    if transaction.dialect.name != "sqlite":
        lists = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        return await transaction.execute(_about_arrays(statement, transaction.dialect, names), lists)
    return await transaction.exec_driver_sql(*_ready(transaction, statement, names, rows))


async def execute_in_turn(transaction: AsyncConnection, *parts: Part) -> None:
    """Execute each part that has rows, one after the other: on SQLite all of them in one visit to its thread."""
    wanted = [part for part in parts if part[2]]
    connection = quick(transaction)
    if connection is None:
        for part in wanted:
            await execute_many(transaction, *part)
    elif wanted:
        ready = [_ready(transaction, *part) for part in wanted]

        def run(opened: sqlite3.Connection) -> sqlite3.Cursor:
            *_, last = [opened.executemany(*one) for one in ready]
            return last

        await connection.visit(run)


def _ready(
    transaction: AsyncConnection, statement: Insert | Update, names: tuple[str, ...], rows: Sequence[Row]
) -> tuple[str, Sequence[Row]]:
    """What SQLite's driver takes."""
    text, in_order = _compiled(statement, transaction.dialect, names)
    return text, rows if in_order is None else list(map(in_order, rows))


@lru_cache(maxsize=KEPT)
def _compiled(
    statement: Insert | Update, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, Callable[[Row], Row] | None]:
    """As text for a driver with positional parameters, and what puts a row into their order; None when it is in it."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or ())
    return str(compiled), None if order == names else itemgetter(*map(names.index, order))


@lru_cache(maxsize=KEPT)
def _about_arrays(statement: Insert | Update, dialect: Dialect, names: tuple[str, ...]) -> Insert | Update:
    """The same for all rows at once; each parameter is now the list of its values."""
    meant = statement.compile(dialect=dialect, column_keys=list(names)).binds
    kinds = {name: meant[name].type for name in names}
    lists = [bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]
    table = func.unnest(*lists).table_valued(*(column(name, kind) for name, kind in kinds.items()))
    given = table.render_derived(name=GIVEN)
    if isinstance(statement, Insert):
        return statement.from_select(list(names), select(*given.c))

    def replaced(element: Any, **_: Any) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in kinds else None

    return cast(Update, replacement_traverse(statement, {}, replaced))
