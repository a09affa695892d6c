"""Text that was written as UTF-8, such as JSON, on its way to a column without being decoded for it, and encoded again by SQLite's driver.

A text with one letter beyond ASCII, such as the name of a job, is two or four times as long in between.
"""

from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Utf8(TypeDecorator[Any]):
    """A column of text that takes the bytes of one as well, and is read as text. PostgreSQL's driver wants text."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        """SQLite keeps bytes as such unless it is told that they are text."""
        return _AsText(bindvalue)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As the driver takes it."""
        return value.decode() if isinstance(value, bytes) and dialect.name != "sqlite" else value


class _AsText(FunctionElement[str]):
    type = Text()
    inherit_cache = True


@compiles(_AsText)
def _given(element: _AsText, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(_AsText, "sqlite")
def _cast(element: _AsText, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **how)} AS TEXT)"
