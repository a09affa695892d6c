"""Rows by their keys, however many: one parameter, so that the statement stays the same and is compiled once.

A list of as many parameters as there are keys is put together anew each time, which costs more than finding the rows.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Keys(TypeDecorator[Sequence[int]]):
    """Whole numbers in one value: an array for PostgreSQL, JSON for SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger))

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        return json.dumps(value) if dialect.name == "sqlite" else value


class _Given(FunctionElement[int]):
    """The keys as a table of one column, in parentheses."""

    type = BigInteger()
    inherit_cache = True


def among(column: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """The column is one of the numbers in the parameter `name`."""
    return column.op("IN", is_comparison=True)(_Given(bindparam(name, type_=_Keys())))


def not_among(column: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """The column is none of the numbers in the parameter `name`."""
    return column.op("NOT IN", is_comparison=True)(_Given(bindparam(name, type_=_Keys())))


@compiles(_Given, "sqlite")
def _from_json(element: _Given, compiler: SQLCompiler, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"  # noqa: S608 a parameter


@compiles(_Given, "postgresql")
def _from_array(element: _Given, compiler: SQLCompiler, **how: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clauses, **how)}))"
