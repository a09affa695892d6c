"""Claiming: a row is lent until an instant, and is free again when that has passed or the borrower gives it back."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, FromClause, Table, bindparam, func, null, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from poller.store.agreeing import NOW, Identity
from poller.store.among import among, not_among
from poller.store.database import Database

CHUNK: Final = 500  # rows in one statement, far below what either database takes

_T = TypeVar("_T")


def chunks(items: Sequence[_T], size: int = CHUNK) -> Iterator[list[_T]]:
    """`items` in order, `size` at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def unclaimed(table: Table) -> ColumnElement[bool]:
    """Nobody holds the row at the parameter `p_now`."""
    return or_(table.c.claimed_until.is_(None), table.c.claimed_until <= bindparam("p_now"))


def unheld(table: Table) -> ColumnElement[bool]:
    """The row's id is none of the parameter `p_held`: on SQLite, whose one daemon remembers which jobs it has claimed."""
    return not_among(table.c.id, "p_held")


def held(database: Database, table: Table, now: float = 0.0) -> dict[str, list[int]]:
    """The parameter of `unheld`; none on PostgreSQL, where leases stand in the rows."""
    return {"p_held": database.held.keys(table.name, now)} if database.is_sqlite else {}


def chosen(table: FromClause) -> ColumnElement[bool]:
    """The row's id is one of the parameter `p_ids`."""
    return among(table.c.id, "p_ids")


def signed(identity: Identity) -> dict[str, Any]:
    """What a claim writes on PostgreSQL: the lease by the server's time, no longer than `p_until`, and whose it is."""
    return {"claimed_until": func.least(bindparam("p_until"), NOW + identity.lease), "owner": identity.id}


def release(table: Table, identity: Identity | None) -> Update:
    """End the leases of the rows `p_ids`, as far as they are still those of this daemon."""
    if identity is None:
        return update(table).where(chosen(table), table.c.claimed_until.is_not(None)).values(claimed_until=None)
    return update(table).where(chosen(table), table.c.owner == identity.id).values(claimed_until=None, owner=null())


async def each_chunk(transaction: AsyncConnection, statement: Update, ids: Sequence[int]) -> None:
    """Run a statement about `p_ids` for all of `ids`, in ascending order so that two transactions cannot block each other."""
    for chunk in chunks(sorted(ids)):
        await transaction.execute(statement, {"p_ids": chunk})


async def free_leases(database: Database, table: Table) -> None:
    """Void every lease: those of a daemon that was killed, when this process is the only one that uses the database."""
    async with database.writing() as transaction:
        held = table.c.claimed_until.is_not(None)
        await transaction.execute(update(table).where(held).values(claimed_until=None))
