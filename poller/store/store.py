"""The storage as one thing to open: its parts share a database."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from poller.core.secret import Secret
from poller.store.agreeing import Identity
from poller.store.archive import Archive
from poller.store.backlog import Backlog
from poller.store.backup import backup
from poller.store.batches import Batches
from poller.store.care import Care
from poller.store.database import Database, open_database
from poller.store.leases import free_leases
from poller.store.ledger import Ledger
from poller.store.outbox import Outbox
from poller.store.place import to_place
from poller.store.registry import Registry
from poller.store.retention import Retention
from poller.store.roll import Roll
from poller.store.schema import SchemaStatus, require_current, schema_status, upgrade
from poller.store.silences import Silences
from poller.store.tables import deliveries
from poller.store.timetable import Timetable


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """The open storage of a daemon. `schema` is what it was before it was opened.

    `ledger`, `roll`, `outbox`, `care`, `batches` and `retention` are the engine's ports; the others are for operators.
    """

    database: Database
    schema: SchemaStatus
    ledger: Ledger
    outbox: Outbox
    retention: Retention
    roll: Roll
    registry: Registry
    backlog: Backlog
    archive: Archive
    timetable: Timetable
    care: Care
    batches: Batches
    silences: Silences


@asynccontextmanager
async def open_store(url: Secret | str | Path, *, identity: Identity | None = None) -> AsyncIterator[Store]:
    """Open for a daemon: `url` is `store.url`, or the path of a SQLite file, which is made if absent; the schema is upgraded.
    `identity` is how it signs what it claims on PostgreSQL; a new one unless given.

    On SQLite this is the only daemon, so leases that are left over belong to nobody and are void. Raises StoreBusy when another
    daemon has the file, StoreUnavailable when it cannot be opened, StoreError when its schema is of a newer version.
    """
    async with open_database(to_place(url), exclusive=True, identity=identity) as database:
        before = await upgrade(database, now=time.time())
        if database.is_sqlite:
            await free_leases(database, deliveries)
        yield _store(database, before)


@asynccontextmanager
async def open_archive(url: Secret | str | Path) -> AsyncIterator[Archive]:
    """Open for reading, beside a daemon or without one. Raises StoreUnavailable when there is no database, StoreError when its
    schema is not this version's.
    """
    async with open_database(to_place(url), exclusive=False) as database:
        await require_current(database)
        yield Archive(database)


async def read_schema(url: Secret | str | Path) -> SchemaStatus:
    """Which schema a database has, of whatever version. Raises StoreUnavailable when there is no database."""
    async with open_database(to_place(url), exclusive=False) as database:
        return await schema_status(database)


async def back_up(url: Secret | str | Path, file: Path) -> None:
    """Copy a SQLite database to a new file, beside a daemon or without one. Raises what `backup` raises."""
    async with open_database(to_place(url), exclusive=False) as database:
        await backup(database, file)


def _store(database: Database, before: SchemaStatus) -> Store:
    return Store(
        database=database,
        schema=before,
        ledger=Ledger(database),
        outbox=Outbox(database),
        retention=Retention(database),
        roll=Roll(database),
        registry=Registry(database),
        backlog=Backlog(database),
        archive=Archive(database),
        timetable=Timetable(database),
        care=Care(database),
        batches=Batches(database),
        silences=Silences(database),
    )
