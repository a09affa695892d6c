"""One statement for many rows, the quick way: on SQLite straight to the driver, since SQLAlchemy's way there costs more than the row."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import CursorResult, Dialect, Insert, Update
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT: Final = 64  # compiled statements; there are a dozen

Row: TypeAlias = dict[str, object]


async def execute_many(
    transaction: AsyncConnection, statement: Insert | Update, rows: Sequence[Row]
) -> CursorResult[Any]:
    """Execute once for each of `rows` (at least one), which all have the same keys: names of columns or of parameters.

    `statement` is one that outlives the call, as it is compiled once, and holds no values of its own. Those of the rows are such as
    SQLite takes without conversion: text, bytes, numbers and booleans.
    """
    if transaction.dialect.name != "sqlite":
        return await transaction.execute(statement, rows)
    text, in_order = _compiled(statement, transaction.dialect, tuple(rows[0]))
    return await transaction.exec_driver_sql(text, [in_order(row) for row in rows])


@lru_cache(maxsize=KEPT)
def _compiled(
    statement: Insert | Update, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, Callable[[Mapping[str, object]], tuple[Any, ...]]]:
    """As text for a driver with positional parameters, and what puts a row into their order."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return str(compiled), itemgetter(*compiled.positiontup or ())
