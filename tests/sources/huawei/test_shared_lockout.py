"""However many daemons use a credential, they fail together no more often than one alone: two daemons do not lock a key."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest
from sqlalchemy import text

from poller.core.breaker import CREDENTIAL_FAILURES, PAUSE_FLOOR
from poller.core.crew import Crew
from poller.core.fingerprint import fingerprint
from poller.core.reading import Denied, Reading
from poller.core.secret import Secret
from poller.host.clock import SystemClock
from poller.net.session import Http
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from poller.sources.kinds import SharedGates, build
from poller.sources.ports import Source
from poller.store.refusals import SharedRefusals
from tests.sources.metastudio.calling import GOOD, METHODS, WRONG, config, fetch_all, fetch_one
from tests.store.conftest import Server, postgresql
from tests.store.several import One, daemons

__all__ = ["postgresql"]

AT_ONCE = 12


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(World(jobs=AT_ONCE)) as running:
        yield running


@asynccontextmanager
async def sources(
    server: Server, simulator: Simulator, method: str, accepted: object, count: int = 2
) -> AsyncIterator[tuple[list[Source], One]]:
    """The same source in so many daemons."""
    clock = SystemClock()
    async with Http() as http, daemons(server, *"abc"[:count]) as crew:

        def gates(one: One, rank: int) -> SharedGates:
            places = Crew(daemons=count, rank=rank).places
            refusals = SharedRefusals(one.store.database, one.identity)
            return SharedGates(refusals, now=clock.now, places=lambda: places)

        table = config(simulator.endpoint, method, accepted)  # type: ignore[arg-type]  # what the simulator takes, or not
        yield [build("prod", table, http, clock, gates(one, rank)) for rank, one in enumerate(crew)], crew[0]


async def poll(built: Sequence[Source], simulator: Simulator) -> list[Reading]:
    """Every job at once, in every daemon."""
    readings: list[Reading] = []

    async def all_of(source: Source) -> None:
        readings.extend(await fetch_all(source, simulator.world.ids()))

    async with anyio.create_task_group() as group:
        for source in built:
            group.start_soon(all_of, source)
    return readings


@pytest.mark.parametrize("method", METHODS)
async def test_wrong_credentials_come_to_three_failures_of_all_daemons_together(
    method: str, simulator: Simulator, postgresql: Server
) -> None:
    async with sources(postgresql, simulator, method, WRONG) as (built, _):
        assert {type(reading) for reading in await poll(built, simulator)} == {Denied}
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES
    assert simulator.gate.times_locked == 0


async def test_a_token_that_is_revoked_under_three_daemons_fails_three_times(
    simulator: Simulator, postgresql: Server
) -> None:
    async with sources(postgresql, simulator, "token", GOOD, count=3) as (built, one):
        assert Denied not in {type(reading) for reading in await poll(built, simulator)}
        simulator.gate.revoke_tokens()
        assert {type(reading) for reading in await poll(built, simulator)} == {Denied}
        assert simulator.gate.worst_row == CREDENTIAL_FAILURES
        later = await fetch_one(built[2], simulator.world.ids()[0])
        assert isinstance(later, Denied)
        assert 0 < later.after <= PAUSE_FLOOR
        simulator.gate.accept_static_token()
        async with one.store.database.writing() as transaction:
            await transaction.execute(text("UPDATE credentials SET open_until = 1, failed_at = 1"))
        await anyio.sleep(0.3)  # what the others know may be so old
        assert [reading for reading in await poll(built, simulator) if isinstance(reading, Denied)] == []


async def test_a_refusal_that_one_daemon_meets_is_known_to_the_others(simulator: Simulator, postgresql: Server) -> None:
    async with sources(postgresql, simulator, "aksk", WRONG) as (built, _):
        assert isinstance(await fetch_one(built[0], simulator.world.ids()[0]), Denied)
        before = sum(simulator.counters.requests.values())
        denied = await fetch_one(built[1], simulator.world.ids()[0])
        assert isinstance(denied, Denied)
        assert "credentials not accepted: " in denied.reason
        assert sum(simulator.counters.requests.values()) == before


async def test_no_secret_is_in_the_database(simulator: Simulator, postgresql: Server) -> None:
    async with sources(postgresql, simulator, "aksk", WRONG) as (built, one):
        await poll(built, simulator)
        async with one.store.database.reading() as view:
            rows = str((await view.execute(text("SELECT * FROM credentials"))).all())
    assert WRONG.secret_key not in rows
    assert WRONG.access_key not in rows


def test_a_fingerprint_is_that_of_the_secret_and_of_the_place() -> None:
    one = fingerprint(("aksk", "host", Secret("key")))
    assert one == fingerprint(("aksk", "host", Secret("key")))
    assert len({one, fingerprint(("aksk", "host", Secret("yek"))), fingerprint(("aksk", "other", Secret("key")))}) == 3
    assert len(one) == 32
