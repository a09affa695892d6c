"""Bad days upstream: each kind of fault, over real HTTP, and the text that asks for them."""

import gzip
import io
import json
import time
from collections import Counter
from random import Random
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.errors import UsageError
from poller.simulator import damage, refusals
from poller.simulator.dice import dice
from poller.simulator.faults import KINDS, PRESETS, RECEIVER_KINDS, parse_faults
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.throttle import Throttle, parse_rate
from poller.simulator.truth import decode
from poller.simulator.world import World
from tests.simulator.calls import JOBS, TOKEN, detail, get


async def fetch(simulator: Simulator, path: str, **options: Any) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own."""
    async with (
        aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(force_close=True)) as session,
        session.get(simulator.endpoint + path, headers=TOKEN, allow_redirects=False, **options) as answer,
    ):
        return answer.status, {str(name): value for name, value in answer.headers.items()}, await answer.read()


@pytest.mark.parametrize(
    ("kind", "status"),
    [("500", 500), ("504", 504), ("403", 403), ("html", 502), ("badtoken", 400), ("429", 429), ("redirect", 302)],
)
async def test_errors_come_with_their_status(kind: str, status: int) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force(kind)
        assert (await fetch(simulator, JOBS))[0] == status
        assert (await fetch(simulator, JOBS))[0] == 200
        assert simulator.counters.faults == {kind: 1}


async def test_an_unavailable_service_says_when_to_come_again() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("503", amount=7)
        status, headers, body = await fetch(simulator, JOBS)
        assert (status, headers["Retry-After"]) == (503, "7")
        assert json.loads(body)["error_code"] == "APIG.0201"


async def test_a_load_balancer_answers_with_a_page() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("html")
        assert b"<html>" in (await fetch(simulator, JOBS))[2]


async def test_an_invalid_token_is_told_with_400_and_its_code() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("badtoken")
        assert json.loads((await fetch(simulator, JOBS))[2])["error_code"] == "MSS.00010008"


async def test_a_cut_body_is_shorter_than_announced() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("cut")
        with pytest.raises(aiohttp.ClientPayloadError):
            await fetch(simulator, JOBS)


async def test_a_reset_connection_gives_no_answer() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("reset", times=2)  # aiohttp quietly repeats a GET whose connection broke, once
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await fetch(simulator, JOBS)


async def test_a_slow_answer_is_good_and_late() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("slow", amount=0.2)
        started = time.monotonic()
        assert (await fetch(simulator, JOBS))[0] == 200
        assert time.monotonic() - started >= 0.2


async def test_a_hanging_answer_never_comes_and_does_not_hold_up_the_end() -> None:
    started = time.monotonic()
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("hang")
        with pytest.raises(TimeoutError):
            await fetch(simulator, JOBS, timeout=aiohttp.ClientTimeout(total=0.2))
    assert time.monotonic() - started < 5


async def test_an_empty_body_comes_with_200() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("empty")
        assert (await fetch(simulator, JOBS))[::2] == (200, b"")


async def test_a_gzip_bomb_is_small_on_the_wire_and_enormous_unpacked() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("gzipbomb")
        _, headers, body = await fetch(simulator, JOBS)
        assert headers["Content-Encoding"] == "gzip"
        assert len(body) < 1_100_000
        with gzip.open(io.BytesIO(body)) as unpacked:
            assert len(unpacked.read(30_000_000)) == 30_000_000


async def test_a_huge_answer_has_many_megabytes() -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        simulator.force("huge")
        assert len((await fetch(simulator, JOBS))[2]) > 8_000_000


async def test_a_log_comes_shuffled_or_shortened_but_never_with_anything_new() -> None:
    world = World(jobs=1, born_within=(-90_000, -90_000))
    async with running_simulator(world) as simulator, aiohttp.ClientSession() as session:
        job_id = world.ids()[0]
        _, good = await detail(session, simulator, job_id)
        lines = Counter(json.dumps(line) for line in good["operation_logs"])
        for _ in range(5):
            simulator.force("shuffle", "shrink")
            _, shuffled = await detail(session, simulator, job_id)
            _, shrunk = await detail(session, simulator, job_id)
            assert Counter(json.dumps(line) for line in shuffled["operation_logs"]) == lines
            assert Counter(json.dumps(line) for line in shrunk["operation_logs"]) < lines


async def test_forced_faults_can_be_meant_for_one_job() -> None:
    world = World(jobs=2)
    async with running_simulator(world) as simulator, aiohttp.ClientSession() as session:
        first, second = world.ids()
        simulator.force("badtoken", job_id=second)
        assert (await detail(session, simulator, first))[0] == 200
        assert (await detail(session, simulator, second))[0] == 400
        assert (await detail(session, simulator, second))[0] == 200


async def test_links_are_signed_anew_at_every_answer_and_nothing_else_changes() -> None:
    world = World(jobs=1, born_within=(-90_000, -90_000))
    async with running_simulator(world) as simulator, aiohttp.ClientSession() as session:
        (_, one), (_, other) = [await detail(session, simulator, world.ids()[0]) for _ in range(2)]
        changed = {name for name in one if one[name] != other[name]}
        assert {"contact", "state", "operation_logs", "name"}.isdisjoint(changed)
        assert len(changed) >= 12
        assert all("Signature=" in json.dumps(one[name]) for name in changed)


async def test_an_unknown_job_and_an_unknown_path_are_not_found() -> None:
    async with running_simulator(World(jobs=1)) as simulator, aiohttp.ClientSession() as session:
        assert await detail(session, simulator, "0" * 32) == (
            404,
            {"error_code": "MSS.00010404", "error_msg": "The job does not exist"},
        )
        status, body = await get(session, simulator, "/v2/nothing")
        assert (status, body["error_code"]) == (404, "APIG.0101")


async def test_calls_above_the_limit_are_throttled_per_api() -> None:
    world = World(jobs=1)
    async with running_simulator(world, throttle=0.001) as simulator, aiohttp.ClientSession() as session:
        assert (await get(session, simulator, JOBS))[0] == 200
        status, body = await get(session, simulator, JOBS)
        assert (status, body["error_code"]) == (429, "APIG.0308")
        assert (await detail(session, simulator, world.ids()[0]))[0] == 200
        assert simulator.counters.throttled == 1


async def test_the_truth_can_be_fetched_with_the_counters() -> None:
    world = World(jobs=3)
    async with running_simulator(world) as simulator, aiohttp.ClientSession() as session:
        await get(session, simulator, JOBS)
        async with session.get(f"{simulator.endpoint}/simulator/truth") as answer:
            report = decode(await answer.read())
        assert report.jobs.keys() == set(world.ids())
        assert report.counters["requests"] == {"list": 1}
        assert (await get(session, simulator, "/simulator/jobs"))[1] == {"jobs": world.ids()}


def test_the_same_dice_pick_the_same_faults_in_about_the_right_shares() -> None:
    faults = parse_faults("500=0.2, slow=0.1:20ms")
    picked = [faults.pick(chance) for chance in [dice("x")] for _ in range(5_000)]
    again = [faults.pick(chance) for chance in [dice("x")] for _ in range(5_000)]
    counts = Counter(fault.kind if fault else "good" for fault in picked)
    assert picked == again
    assert abs(counts["500"] - 1000) < 150
    assert abs(counts["slow"] - 500) < 120


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", {}), ("none", {}), ("500=1", {"500": None}), ("slow=.5:200ms,hang=0.5", {"slow": 0.2, "hang": 60.0}),
        ("503=0.1:3s", {"503": 3.0}), ("429=0.1:2", {"429": 2.0}), (" html = 0.1".replace(" ", ""), {"html": None}),
    ],
)  # fmt: skip
def test_a_fault_text_is_read(text: str, kinds: dict[str, float | None]) -> None:
    assert {fault.kind: fault.amount for _, fault in parse_faults(text).shares} == kinds


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("500", "500"), ("500=2", "500=2"), ("500=-1", "500=-1"), ("500=x", "500=x"), ("200=0.1", "200"), ("boom=0.1", "boom"),
        ("500=0.6,cut=0.6", "1.2"), ("slow=0.1:soon", "slow"), ("500=0.1;cut=0.1", "500"), ("lost=0.1", "lost"),
    ],
)  # fmt: skip
def test_a_wrong_fault_text_is_refused_by_the_piece_that_is_wrong(text: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        parse_faults(text)


def test_every_preset_can_be_read() -> None:
    assert parse_faults("flaky").shares
    assert parse_faults("flaky-receiver", RECEIVER_KINDS).shares
    assert set(PRESETS) == {"none", "flaky", "flaky-receiver"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_asked_for(kind: str) -> None:
    assert parse_faults(f"{kind}=0.1").shares[0][1].kind == kind


@pytest.mark.parametrize(("text", "rate"), [("20/s", 20.0), ("120/min", 2.0), ("0.5/s", 0.5)])
def test_a_limit_is_read_as_calls_per_second(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "20", "20/h", "0/s", "-1/s", "many/s"])
def test_a_wrong_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="throttle"):
        parse_rate(text)


@settings(max_examples=50)
@given(
    rate=st.floats(min_value=0.5, max_value=50),
    gaps=st.lists(st.floats(min_value=0, max_value=2), min_size=1, max_size=100),
)
def test_a_limit_never_admits_more_than_its_rate_and_one_second_ahead(rate: float, gaps: list[float]) -> None:
    throttle, now, admitted = Throttle(rate=rate), 0.0, 0
    for gap in gaps:
        now += gap
        admitted += throttle.admits("list", now)
    assert admitted <= max(1.0, rate) + (now - gaps[0]) * rate + 1e-6


@settings(max_examples=100)
@given(seed=st.integers(min_value=0, max_value=10_000))
def test_a_misshapen_answer_differs_and_keeps_what_identifies_an_entry(seed: int) -> None:
    good = {
        "job_id": "j",
        "state": "TRAINING",
        "tags": ["a"],
        "operation_logs": [{"operate_time": "t", "log_type": "X", "operate_user": "U"}],
    }
    bad = damage.misshape(dict(good), Random(seed))
    assert bad != good
    lines = bad.get("operation_logs") if isinstance(bad, dict) else None
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict):
            assert (line["operate_time"], line["log_type"], line["operate_user"]) == ("t", "X", "U")


def test_errors_come_in_every_shape() -> None:
    chance = Random(1)
    bodies = [refusals.some_error(500, chance).body for _ in range(200)]
    shapes = {tuple(json.loads(body)) if body.startswith(b"{") else body for body in bodies}
    assert shapes == {
        ("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"), ("error",), b"",
        b"upstream connect error or disconnect\n",
    }  # fmt: skip
