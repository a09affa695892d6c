"""However many daemons use a credential, they fail together no more often than one alone: two daemons do not lock a key.

One contract for one daemon, which is all that SQLite can have, and for several on PostgreSQL.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

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
from poller.simulator.auth import Accepted
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from poller.sources.kinds import SharedGates, build
from poller.sources.ports import Source
from poller.store.refusals import SharedRefusals
from tests.sources.metastudio.calling import GOOD, METHODS, WRONG, WallClock, config, fetch_all, fetch_one
from tests.store.conftest import postgresql
from tests.store.several import One, daemons

__all__ = ["postgresql"]

AT_ONCE = 12
COUNTS = (1, 3)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(World(jobs=AT_ONCE)) as running:
        yield running


@dataclass(frozen=True, kw_only=True)
class Company:
    """The same source in each daemon; `rest_is_over` lets the pause after a refusal pass."""

    built: list[Source]
    rest_is_over: Callable[[], Awaitable[None]]
    one: One | None = None


@asynccontextmanager
async def company(
    count: int, request: pytest.FixtureRequest, simulator: Simulator, method: str, accepted: Accepted
) -> AsyncIterator[Company]:
    """So many daemons; one alone has its gate to itself, as on SQLite."""
    table = config(simulator.endpoint, method, accepted)
    async with Http() as http:
        if count > 1:
            async with daemons(request.getfixturevalue("postgresql"), *"abc"[:count]) as crew:
                built = [
                    build("prod", table, http, SystemClock(), _gates(one, count, rank)) for rank, one in enumerate(crew)
                ]
                yield Company(built=built, rest_is_over=partial(_forward, crew[0]), one=crew[0])
        else:
            wall = WallClock()
            yield Company(built=[build("prod", table, http, wall)], rest_is_over=partial(_wait, wall))


def _gates(one: One, count: int, rank: int) -> SharedGates:
    places = Crew(daemons=count, rank=rank).places
    return SharedGates(
        SharedRefusals(one.store.database, one.identity), now=SystemClock().monotonic, places=lambda: places
    )


async def _forward(one: One) -> None:
    async with one.store.database.writing() as transaction:
        await transaction.execute(text("UPDATE credentials SET open_until = 1, failed_at = 1"))
    await anyio.sleep(0.3)  # what the others know may be so old


async def _wait(wall: WallClock) -> None:
    wall.at += PAUSE_FLOOR


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
@pytest.mark.parametrize("count", COUNTS)
async def test_wrong_credentials_come_to_three_failures_of_all_daemons_together(
    count: int, method: str, simulator: Simulator, request: pytest.FixtureRequest
) -> None:
    async with company(count, request, simulator, method, WRONG) as found:
        assert {type(reading) for reading in await poll(found.built, simulator)} == {Denied}
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES
    assert simulator.gate.times_locked == 0


@pytest.mark.parametrize("count", COUNTS)
async def test_a_token_that_is_revoked_fails_three_times_and_is_good_again_for_all(
    count: int, simulator: Simulator, request: pytest.FixtureRequest
) -> None:
    async with company(count, request, simulator, "token", GOOD) as found:
        assert Denied not in {type(reading) for reading in await poll(found.built, simulator)}
        simulator.gate.revoke_tokens()
        assert {type(reading) for reading in await poll(found.built, simulator)} == {Denied}
        assert simulator.gate.worst_row == CREDENTIAL_FAILURES
        later = await fetch_one(found.built[-1], simulator.world.ids()[0])
        assert isinstance(later, Denied)
        assert 0 < later.after <= PAUSE_FLOOR
        simulator.gate.accept_static_token()
        await found.rest_is_over()
        assert [reading for reading in await poll(found.built, simulator) if isinstance(reading, Denied)] == []


async def test_a_refusal_that_one_daemon_meets_is_known_to_the_others(
    simulator: Simulator, request: pytest.FixtureRequest
) -> None:
    async with company(2, request, simulator, "aksk", WRONG) as found:
        built = found.built
        assert isinstance(await fetch_one(built[0], simulator.world.ids()[0]), Denied)
        before = sum(simulator.counters.requests.values())
        denied = await fetch_one(built[1], simulator.world.ids()[0])
        assert isinstance(denied, Denied)
        assert "credentials not accepted: " in denied.reason
        assert sum(simulator.counters.requests.values()) == before


async def test_no_secret_is_in_the_database(simulator: Simulator, request: pytest.FixtureRequest) -> None:
    async with company(2, request, simulator, "aksk", WRONG) as found:
        await poll(found.built, simulator)
        assert found.one is not None
        async with found.one.store.database.reading() as view:
            rows = str((await view.execute(text("SELECT * FROM credentials"))).all())
    assert WRONG.secret_key not in rows
    assert WRONG.access_key not in rows


def test_a_fingerprint_is_that_of_the_secret_and_of_the_place() -> None:
    one = fingerprint(("aksk", "host", Secret("key")))
    assert one == fingerprint(("aksk", "host", Secret("key")))
    assert len({one, fingerprint(("aksk", "host", Secret("yek"))), fingerprint(("aksk", "other", Secret("key")))}) == 3
    assert len(one) == 32
