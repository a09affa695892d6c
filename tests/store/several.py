"""Two daemons on one PostgreSQL, for the tests of what they agree upon."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from poller.store.agreeing import Identity
from poller.store.chores import SharedChores
from poller.store.members import Members
from poller.store.store import Store, open_store
from tests.store.conftest import Server

LEASE = 30.0


@dataclass(frozen=True)
class One:
    """A daemon as the storage sees it."""

    store: Store
    identity: Identity
    members: Members
    chores: SharedChores


@asynccontextmanager
async def daemons(server: Server, *names: str, lease: float = LEASE) -> AsyncIterator[list[One]]:
    """Daemons with these ids on a database without a row in it; none of them has beaten yet."""
    url = server.emptied()
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_one(url, name, lease)) for name in names]


@asynccontextmanager
async def _one(url: str, name: str, lease: float) -> AsyncIterator[One]:
    identity = Identity(id=name, host=f"host-{name}", pid=7, lease=lease)
    async with open_store(url, identity=identity) as store:
        yield One(
            store=store,
            identity=identity,
            members=Members(store.database, identity),
            chores=SharedChores(store.database, identity),
        )
