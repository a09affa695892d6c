"""This daemon among those that share a PostgreSQL: it beats, keeps the server's time, and knows who else is there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

import anyio
import structlog

from poller.core.crew import ALONE, AWAY, Crew
from poller.engine.bell import Bell
from poller.engine.ports import Budgets, Chores, Clock
from poller.errors import StoreError
from poller.host.clock import AlignedClock, SystemClock
from poller.sources.kinds import Gates, SharedGates
from poller.store.budgets import SharedBudgets
from poller.store.chores import SharedChores, SoleChores
from poller.store.listening import hear
from poller.store.members import Beat
from poller.store.members import Members as StoredMembers
from poller.store.refusals import SharedRefusals
from poller.store.schema import HEAD
from poller.store.store import Store

BEATS: Final = 6  # in the time of a lease: some may be lost
RETRY: Final = 1.0  # seconds until a beat that failed is tried again, at most
LISTEN_AGAIN: Final = 5.0  # seconds until a lost connection is made again
SURE: Final = 0.8  # of a lease: so long after a beat this daemon may be certain that nobody takes it for dead

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """What the daemons on one database share: the time, who they are, and who does what for all."""

    clock: Clock
    crew: Callable[[], Crew]
    chores: Chores
    budgets: Budgets | None = None
    gates: Gates
    heard: Bell = field(default_factory=Bell)


@asynccontextmanager
async def in_company(store: Store) -> AsyncIterator[Company]:
    """Join the daemons on this database, and leave them at the end. On SQLite there is one, and nothing is asked."""
    identity = store.database.identity
    if identity is None:
        yield Company(clock=SystemClock(), crew=lambda: ALONE, chores=SoleChores(), gates={})
        return
    clock = AlignedClock()
    presence = Presence(StoredMembers(store.database, identity), clock, lease=identity.lease)
    await presence.beat()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(presence.run)
            heard = Bell()
            if identity.listen:
                group.start_soon(_listen, store, heard)
            yield Company(
                heard=heard,
                clock=clock,
                crew=presence.crew,
                chores=SharedChores(store.database, identity),
                budgets=SharedBudgets(store.database),
                gates=SharedGates(
                    SharedRefusals(store.database, identity),
                    now=clock.monotonic,
                    places=lambda: presence.crew().places,
                ),
            )
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await presence.leave()


async def _listen(store: Store, heard: Bell) -> None:
    """Ring when another daemon has recorded something; without it that is found a second later."""
    while True:
        try:
            async for _ in hear(store.database.place.url):
                heard.ring()
        except StoreError as error:
            log.info("what other daemons record is not heard at once", reason=str(error))
        await anyio.sleep(LISTEN_AGAIN)


class Members(Protocol):
    """What is needed of the store."""

    async def beat(self) -> Beat:
        """Say that this daemon is alive, renew its leases, and look who else is there."""
        ...

    async def leave(self) -> None:
        """Give back all that this daemon holds."""
        ...


class Presence:
    """`outdated` says why this version cannot go on, once a newer one has changed the schema so."""

    def __init__(self, members: Members, clock: AlignedClock, *, lease: float) -> None:
        self._members = members
        self._clock = clock
        self._lease = lease
        self._crew = AWAY
        self._beaten_at = float("-inf")
        self._schema: str | None = HEAD
        self._troubled = False
        self.outdated: str | None = None

    def crew(self) -> Crew:
        """Who shares the work; AWAY when the last beat is so long ago that the others may have taken over."""
        return self._crew if self._clock.monotonic() < self._beaten_at + SURE * self._lease else AWAY

    async def run(self) -> None:
        """Beat until cancelled. Raises StoreError when this version cannot go on."""
        while self.outdated is None:
            pause = await self.round()
            await anyio.sleep(pause)
        raise StoreError(self.outdated)

    async def round(self) -> float:
        """One beat; returns in how many seconds the next is due."""
        every = self._lease / BEATS
        try:
            await self.beat()
        except StoreError as error:
            if not self._troubled:
                log.error("the other daemons cannot be heard: the database does not take part", reason=str(error))
            self._troubled = True
            return min(every, RETRY)
        self._troubled = False
        return every

    async def beat(self) -> None:
        """Raises StoreError."""
        asked_at = self._clock.monotonic()
        found = await self._members.beat()
        self._clock.align(found.now, asked_at=asked_at)
        if found.crew != self._crew:
            log.info("daemons that share the database", daemons=found.crew.daemons, rank=found.crew.rank)
        self._crew, self._beaten_at = found.crew, asked_at
        self._look_at_schema(found)

    async def leave(self) -> None:
        """The others take over at once. Without a database they do so when the leases end."""
        try:
            await self._members.leave()
        except StoreError as error:
            log.warning("what this daemon held passes on when its leases end", reason=str(error))

    def _look_at_schema(self, found: Beat) -> None:
        if found.floor is not None and found.floor > HEAD:
            self.outdated = (
                f"a newer version of poller has brought the database to schema {found.schema}, which needs code of schema "
                f"{found.floor} or newer, and this is of {HEAD}: install the newer version here as well"
            )
        elif found.schema != self._schema:
            log.warning("a newer version has upgraded the schema; this one goes on with it", schema=found.schema)
        self._schema = found.schema
