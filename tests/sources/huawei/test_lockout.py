"""However many jobs are asked about at once, the upstream never sees so many authentication failures that it locks the credential."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from poller.core.breaker import CREDENTIAL_FAILURES, PAUSE_FLOOR
from poller.core.reading import Denied, Seen
from poller.net.session import Http
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from poller.sources.kinds import Gates, build
from poller.sources.ports import Source
from tests.sources.metastudio.calling import GOOD, METHODS, WRONG, WallClock, config, fetch_all, fetch_one

AT_ONCE = 16


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
async def http(wall: WallClock) -> AsyncIterator[Http]:
    async with Http(clock=wall.now) as session:
        yield session


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(World(jobs=AT_ONCE)) as running:
        yield running


async def poll(source: Source, simulator: Simulator) -> Counter[str]:
    """Every job at once: how many readings of each kind."""
    return Counter(type(reading).__name__ for reading in await fetch_all(source, simulator.world.ids()))


@pytest.mark.parametrize("method", METHODS)
async def test_wrong_credentials_come_to_three_failures_and_then_to_one_a_rest(
    method: str, simulator: Simulator, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(simulator.endpoint, method, WRONG), http, wall)
    assert await poll(source, simulator) == {"Denied": AT_ONCE}
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES
    assert await poll(source, simulator) == {"Denied": AT_ONCE}
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES
    wall.at += PAUSE_FLOOR
    assert await poll(source, simulator) == {"Denied": AT_ONCE}
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES + 1
    wall.at += PAUSE_FLOOR
    assert await poll(source, simulator) == {"Denied": AT_ONCE}
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES + 1
    assert simulator.gate.times_locked == 0
    assert sum(simulator.counters.requests.values()) == CREDENTIAL_FAILURES + 1


async def test_a_token_that_is_good_again_is_found_by_the_probe_and_all_go_on(
    simulator: Simulator, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(simulator.endpoint), http, wall)
    assert await poll(source, simulator) == {"Seen": AT_ONCE}
    simulator.gate.revoke_tokens()
    denied = await fetch_one(source, simulator.world.ids()[0])
    assert isinstance(denied, Denied)
    assert denied.reason.startswith("credentials not accepted: HTTP 400 MSS.00010008: Invalid token (request ")
    assert simulator.gate.worst_row == CREDENTIAL_FAILURES
    simulator.gate.accept_static_token()
    assert await poll(source, simulator) == {"Denied": AT_ONCE}
    wall.at += PAUSE_FLOOR
    assert await poll(source, simulator) == {"Seen": AT_ONCE}


async def test_at_a_revocation_with_many_at_once_three_fail_and_no_new_one_starts(
    simulator: Simulator, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(simulator.endpoint), http, wall)
    await poll(source, simulator)
    before = sum(simulator.counters.requests.values())
    simulator.gate.revoke_tokens()
    denied = await fetch_all(source, simulator.world.ids() * 4)
    assert {type(reading) for reading in denied} == {Denied}
    assert max(reading.after for reading in denied if isinstance(reading, Denied)) <= PAUSE_FLOOR
    assert sum(simulator.counters.requests.values()) - before == CREDENTIAL_FAILURES
    await poll(source, simulator)
    assert sum(simulator.counters.requests.values()) - before == CREDENTIAL_FAILURES


@pytest.mark.parametrize("hours", [6, -6])
async def test_once_a_wrong_clock_is_right_again_the_next_probe_finds_it_out(
    hours: int, simulator: Simulator, http: Http, wall: WallClock
) -> None:
    wall.ahead = hours * 3600.0
    source = build("prod", config(simulator.endpoint, "aksk"), http, wall)
    denied = await fetch_one(source, simulator.world.ids()[0])
    assert isinstance(denied, Denied)
    assert f"this machine's clock is 6 hours {'ahead of' if hours > 0 else 'behind'} the upstream's" in denied.reason
    wall.ahead = 0.0
    early = await fetch_one(source, simulator.world.ids()[0])
    assert isinstance(early, Denied)
    assert 0 < early.after <= PAUSE_FLOOR
    wall.at += PAUSE_FLOOR
    assert await poll(source, simulator) == {"Seen": AT_ONCE}


async def test_a_revoked_password_token_is_renewed_once_and_nobody_notices(
    simulator: Simulator, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(simulator.endpoint, "password"), http, wall)
    assert await poll(source, simulator) == {"Seen": AT_ONCE}
    simulator.gate.revoke_tokens()
    assert await poll(source, simulator) == {"Seen": AT_ONCE}
    assert simulator.counters.requests["iam"] == 2


async def test_one_refusal_by_mistake_is_tried_again_and_told_nobody(
    simulator: Simulator, http: Http, wall: WallClock
) -> None:
    for method in METHODS:
        source = build("prod", config(simulator.endpoint, method), http, wall)
        simulator.force("badtoken")
        assert isinstance(await fetch_one(source, simulator.world.ids()[0]), Seen), method


async def test_two_sources_with_one_credential_share_its_three_failures(
    simulator: Simulator, http: Http, wall: WallClock
) -> None:
    gates: Gates = {}
    for method in METHODS:
        simulator.gate.worst_row = 0
        one, other = (build(name, config(simulator.endpoint, method, WRONG), http, wall, gates) for name in "ab")
        assert isinstance(await fetch_one(one, simulator.world.ids()[0]), Denied)
        asked = sum(simulator.counters.requests.values())
        assert isinstance(await fetch_one(other, simulator.world.ids()[0]), Denied)
        assert sum(simulator.counters.requests.values()) == asked


async def test_a_corrected_secret_starts_afresh_and_without_shared_gates_nothing_is_shared(
    simulator: Simulator, http: Http, wall: WallClock
) -> None:
    gates: Gates = {}
    for method in METHODS:
        wrong = build("prod", config(simulator.endpoint, method, WRONG), http, wall, gates)
        assert isinstance(await fetch_one(wrong, simulator.world.ids()[0]), Denied)
        corrected = build("prod", config(simulator.endpoint, method, GOOD), http, wall, gates)
        assert isinstance(await fetch_one(corrected, simulator.world.ids()[0]), Seen)
    assert len(gates) == 2 * len(METHODS)
