"""The detail call, as it is sent and as it is answered by the simulated MetaStudio."""

from collections.abc import AsyncIterator

import anyio
import pytest
from aiohttp import web

from poller.core.exchange import Request
from poller.core.reading import Absent, Failed, Refused, Same, Seen, Target
from poller.net.session import Http
from poller.simulator.auth import Accepted
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from poller.sources.huawei.calling import MAX_ANSWER
from poller.sources.huawei.project import Project, detail_request
from poller.sources.kinds import build
from poller.sources.metastudio.client import RESOURCE
from tests.sources.metastudio.answers import JOB, answer, encoded
from tests.sources.metastudio.calling import GOOD, METHODS, WRONG, WallClock, config, fetch_all, fetch_one
from tests.sources.upstream import Upstream

PROJECT = Project(
    endpoint="https://metastudio.example/", project_id="0c5a1f", resource=RESOURCE, app_user_id="everyone"
)


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
async def http(wall: WallClock) -> AsyncIterator[Http]:
    async with Http(clock=wall.now) as session:
        yield session


def sent(target: Target, project: Project = PROJECT) -> Request:
    request = detail_request(project, target)
    assert isinstance(request, Request)
    return request


def test_the_request_is_the_documented_one_with_no_header_too_many() -> None:
    request = sent(Target(job_id=JOB))
    assert request.method == "GET"
    assert request.url == f"https://metastudio.example/v1/0c5a1f/digital-human-training-manage/user/jobs/{JOB}"
    assert request.headers == {"X-Project-Id": "0c5a1f", "X-App-UserId": "everyone"}
    assert request.body == b""


def test_a_jobs_own_app_user_id_comes_before_the_sources() -> None:
    assert sent(Target(job_id=JOB, app_user_id="own")).headers["X-App-UserId"] == "own"
    nobody = Project(endpoint="https://metastudio.example", project_id="0c5a1f", resource=RESOURCE)
    assert "X-App-UserId" not in sent(Target(job_id=JOB), nobody).headers


@pytest.mark.parametrize("user", ["客服", "a\r\nX-Auth-Token: b", "a\x00"])
def test_an_app_user_id_that_no_header_can_carry_refuses_the_job(user: str) -> None:
    assert isinstance(detail_request(PROJECT, Target(job_id=JOB, app_user_id=user)), Refused)


@pytest.mark.parametrize(
    ("job_id", "segment"), [("a/b", "a%2Fb"), ("a b", "a%20b"), ("%2e", "%252e"), ("客", "%E5%AE%A2"), ("a?b#c", "a%3Fb%23c")]
)  # fmt: skip
def test_a_job_id_is_one_segment_of_the_path(job_id: str, segment: str) -> None:
    assert sent(Target(job_id=job_id)).url.endswith(f"/user/jobs/{segment}")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("security_token", [None, "temporary-token"])
async def test_every_credential_is_accepted_by_the_upstream(
    method: str, security_token: str | None, http: Http, wall: WallClock
) -> None:
    accepted = Accepted(security_token=security_token)
    async with running_simulator(World(jobs=3), accepted=accepted) as simulator:
        source = build("prod", config(simulator.endpoint, method, accepted, app_user_id="u 1"), http, wall)
        job_id = simulator.world.ids()[0]
        first = await fetch_one(source, job_id)
        assert isinstance(first, Seen), first
        assert await source.fetch(Target(job_id=job_id, digest=first.digest)) == Same()
        assert simulator.counters.requests == {"detail": 2} | ({"iam": 1} if method == "password" else {})
        assert isinstance(await fetch_one(source, "0" * 32), Absent)


async def test_credentials_are_proven_by_what_the_api_itself_says_of_a_missing_job(
    server: Upstream, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(server.url), http, wall)
    server.says('{"error_code": "MSS.00010404", "error_msg": "The job does not exist"}', 404)
    assert isinstance(await fetch_one(source, JOB), Absent)
    everybody = anyio.Event()

    async def together(_: web.BaseRequest) -> web.StreamResponse:
        if server.at_once == 4:
            everybody.set()
        await everybody.wait()
        return web.Response(status=404)

    server.answer = together
    assert {type(reading) for reading in await fetch_all(source, [JOB] * 4)} == {Absent}
    assert server.most_at_once == 4


async def test_unproven_credentials_are_sent_with_one_request_at_a_time(
    server: Upstream, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(server.url), http, wall)

    async def busy(_: web.BaseRequest) -> web.StreamResponse:
        await anyio.sleep(0.01)
        return web.Response(status=503)

    server.answer = busy
    await fetch_all(source, [JOB] * 8)
    assert server.most_at_once == 1
    assert len(server.got) == 8


async def test_a_project_of_somebody_else_is_refused_and_says_so(http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        source = build("prod", config(simulator.endpoint, "aksk", project_id="anothers"), http, wall)
        refused = await fetch_one(source, JOB)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("HTTP 400 MSS.00010009: The tenant does not match")
    assert refused.reason.endswith("the project belongs to another account")


async def test_a_wrong_endpoint_does_not_make_jobs_missing(http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        source = build("prod", config(f"{simulator.endpoint}/wrong"), http, wall)
        refused = await fetch_one(source, JOB)
    assert isinstance(refused, Refused)
    assert "check the endpoint" in refused.reason


FAULTS = {
    "html": "outage",
    "cut": "nonsense",
    "reset": "outage",
    "empty": "nonsense",
    "gzipbomb": "nonsense",
    "redirect": "nonsense",
    "500": "outage",
    "504": "outage",
    "503": "outage",
    "408": "outage",
    "429": "throttled",
}


@pytest.mark.parametrize(("fault", "kind"), FAULTS.items())
async def test_a_bad_day_of_the_upstream_is_a_failure_of_its_kind(
    fault: str, kind: str, http: Http, wall: WallClock
) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        source = build("prod", config(simulator.endpoint), http, wall)
        simulator.force(fault)
        failed = await fetch_one(source, simulator.world.ids()[0])
        assert isinstance(failed, Failed), failed
        assert failed.kind == kind
        assert isinstance(await fetch_one(source, simulator.world.ids()[0]), Seen)


async def test_every_shape_of_wrong_answer_is_seen_or_told_as_nonsense(http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=20)) as simulator:
        source = build("prod", config(simulator.endpoint, keep_fields=("samples",)), http, wall)
        simulator.force("shape", times=200)
        readings = await fetch_all(source, simulator.world.ids() * 10)
    assert {type(reading) for reading in readings} == {Seen, Failed}
    assert {reading.kind for reading in readings if isinstance(reading, Failed)} == {"nonsense"}
    assert [reading for reading in readings if isinstance(reading, Seen) and reading.snapshot.doubtful]


async def test_a_slow_answer_is_an_outage_when_the_time_is_up(http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        source = build("prod", config(simulator.endpoint, timeout=0.1), http, wall)
        simulator.force("hang")
        assert await fetch_one(source, simulator.world.ids()[0]) == Failed(kind="outage", reason="no answer in time")


async def test_an_answer_beyond_the_bound_is_nonsense(server: Upstream, http: Http, wall: WallClock) -> None:
    server.says(encoded(answer(samples=["x" * MAX_ANSWER])))
    failed = await fetch_one(build("prod", config(server.url), http, wall), JOB)
    assert isinstance(failed, Failed)
    assert failed.kind == "nonsense"
    assert "too long" in failed.reason


async def test_nonsense_names_the_code_and_the_request(server: Upstream, http: Http, wall: WallClock) -> None:
    server.says('{"code": "MSS.00000004", "message": "oops"}', headers={"X-Request-Id": "59e18a6f"})
    failed = await fetch_one(build("prod", config(server.url), http, wall), JOB)
    assert isinstance(failed, Failed)
    assert failed.reason == "HTTP 200 MSS.00000004: oops (request 59e18a6f): the answer has neither job_id nor state"


async def test_a_clock_far_off_is_named_when_signatures_are_refused(http: Http, wall: WallClock) -> None:
    wall.at = 20 * 60
    async with running_simulator(World(jobs=1)) as simulator:
        denied = await fetch_one(build("prod", config(simulator.endpoint, "aksk"), http, wall), JOB)
    assert "this machine's clock is 20 minutes ahead of the upstream's" in repr(denied)
    assert "NTP" in repr(denied)


@pytest.mark.parametrize("method", METHODS)
async def test_no_reading_shows_what_was_sent(method: str, http: Http, wall: WallClock) -> None:
    async with running_simulator(World(jobs=1)) as simulator:
        for accepted in (GOOD, WRONG):
            source = build("prod", config(simulator.endpoint, method, accepted), http, wall)
            shown = repr([source, *await fetch_all(source, [*simulator.world.ids(), JOB])])
            for secret in (accepted.token, accepted.secret_key, accepted.password, accepted.access_key, "MII"):
                assert secret not in shown


async def test_a_fetch_that_is_cancelled_leaves_the_source_usable(
    server: Upstream, http: Http, wall: WallClock
) -> None:
    source = build("prod", config(server.url), http, wall)
    server.answer = never
    with anyio.move_on_after(0.05):
        await source.fetch(Target(job_id=JOB))
    server.says(encoded(answer()))
    assert isinstance(await fetch_one(source, JOB), Seen)


async def never(_: web.BaseRequest) -> web.StreamResponse:
    await anyio.sleep_forever()
    raise AssertionError("unreachable")
