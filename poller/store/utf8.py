"""Text in UTF-8, such as JSON, on its way to a column and back: Python neither decodes nor encodes it where SQLite holds it.

A text with one letter beyond ASCII, such as the name of a job, is two or four times as long in between.
"""

from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class FromUtf8(TypeDecorator[Any]):
    """A column of text that takes the bytes of one as well, and is read as text. PostgreSQL's driver wants text."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        """SQLite keeps bytes as such unless it is told that they are text."""
        return _AsText(bindvalue)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As the driver takes it."""
        return value.decode() if isinstance(value, bytes) and dialect.name != "sqlite" else value


class Utf8(FromUtf8):
    """One that is read as bytes, too."""

    cache_ok = True

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        """SQLite's driver decodes what is text."""
        return _AsBytes(column)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """What the driver of PostgreSQL has decoded is encoded again."""
        return value if value is None or dialect.name == "sqlite" else value.encode()


class _AsText(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _AsBytes(FunctionElement[bytes]):
    type = Utf8()
    inherit_cache = True


@compiles(_AsText)
@compiles(_AsBytes)
def _given(element: _AsText | _AsBytes, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(_AsText, "sqlite")
def _text(element: _AsText, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **how)} AS TEXT)"


@compiles(_AsBytes, "sqlite")
def _bytes(element: _AsBytes, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **how)} AS BLOB)"
