"""The storage as one thing to open: its parts share a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from poller.core.secret import Secret
from poller.store.database import Database, open_database
from poller.store.leases import free_leases
from poller.store.ledger import Ledger
from poller.store.outbox import Outbox
from poller.store.place import to_place
from poller.store.registry import Registry
from poller.store.schema import upgrade
from poller.store.tables import deliveries, jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """The open storage of a daemon."""

    database: Database
    ledger: Ledger
    outbox: Outbox
    registry: Registry


@asynccontextmanager
async def open_store(url: Secret | str | Path) -> AsyncIterator[Store]:
    """Open for a daemon: `url` is `store.url`, or the path of a SQLite file, which is made if absent; the schema is upgraded.

    On SQLite this is the only daemon, so leases that are left over belong to nobody and are void. Raises StoreBusy when another
    daemon has the file, StoreUnavailable when it cannot be opened, StoreError when its schema is of a newer version.
    """
    async with open_database(to_place(url), exclusive=True) as database:
        await upgrade(database)
        if database.is_sqlite:
            await free_leases(database, [jobs, deliveries])
        yield Store(database=database, ledger=Ledger(database), outbox=Outbox(database), registry=Registry(database))
