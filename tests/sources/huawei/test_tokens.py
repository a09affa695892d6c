"""Tokens fetched with a password: one call for all who wait, early, and with no more tries than the account bears."""

import json

import anyio
import pytest
from aiohttp import web

from poller.core.exchange import Request
from poller.core.reading import Failed, Seen, Target
from poller.core.secret import Secret
from poller.core.timestamps import rfc3339
from poller.net.session import Http
from poller.sources.huawei.iam import Account
from poller.sources.huawei.judging import Unauthorized
from poller.sources.huawei.tokens import RETRY_EARLY, PasswordToken
from poller.sources.kinds import build
from tests.sources.conftest import NOON, HandClock
from tests.sources.metastudio.answers import JOB, answer, encoded
from tests.sources.metastudio.calling import config, fetch_all
from tests.sources.upstream import Upstream

LIFE = 86400.0
MARGIN = 1800.0
PLAIN = Request(method="GET", url="https://metastudio.example/", headers={"X-Project-Id": "p"})


class Identity:
    """An identity service: `status` 201 gives tokens t1, t2, …; `token` None accepts no call of the API."""

    def __init__(self, server: Upstream, clock: HandClock) -> None:
        self.clock = clock
        self.issued = 0
        self.status = 201
        self.hold: anyio.Event | None = None
        server.answer = self.respond

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/v3/auth/tokens":
            good = request.headers.get("X-Auth-Token") == f"t{self.issued}"
            return web.Response(body=encoded(answer())) if good else web.Response(status=401)
        if self.hold is not None:
            await self.hold.wait()
        if self.status != 201:
            return web.Response(status=self.status)
        self.issued += 1
        times = {"issued_at": rfc3339(self.clock.at), "expires_at": rfc3339(self.clock.at + LIFE)}
        body = json.dumps({"token": times}).encode()
        return web.Response(status=201, headers={"X-Subject-Token": f"t{self.issued}"}, body=body)


@pytest.fixture
def identity(server: Upstream, clock: HandClock) -> Identity:
    return Identity(server, clock)


@pytest.fixture
def token(server: Upstream, http: Http, clock: HandClock, identity: Identity) -> PasswordToken:
    account = Account(endpoint=server.url, user="u", domain="d", password=Secret("pw"), project_id="p")
    return PasswordToken(account, http=http, timeout=2.0, now=clock.now)


async def carried(token: PasswordToken) -> str:
    authorized = await token.authorize(PLAIN)
    assert isinstance(authorized, Request), authorized
    assert authorized.headers["X-Project-Id"] == "p"
    return authorized.headers["X-Auth-Token"]


async def test_a_token_is_fetched_once_and_used_until_half_an_hour_before_its_end(
    token: PasswordToken, clock: HandClock
) -> None:
    assert [await carried(token) for _ in range(3)] == ["t1"] * 3
    clock.at = NOON + LIFE - MARGIN - 1
    assert await carried(token) == "t1"
    clock.at += 1
    assert await carried(token) == "t2"


async def test_fifty_who_need_a_token_at_once_cause_one_call(
    token: PasswordToken, identity: Identity, server: Upstream, clock: HandClock
) -> None:
    got: list[str] = []

    async def one() -> None:
        got.append(await carried(token))

    for expected in ("t1", "t2"):
        got.clear()
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(one)
        assert got == [expected] * 50
        clock.at += LIFE
    assert len(server.got) == 2


async def test_fifty_fetches_at_once_cause_one_token_call(
    identity: Identity, server: Upstream, http: Http, clock: HandClock
) -> None:
    source = build("prod", config(server.url, "password"), http, clock)
    readings = await fetch_all(source, [JOB] * 50)
    assert {type(reading) for reading in readings} == {Seen}
    clock.at += LIFE
    readings = await fetch_all(source, [JOB] * 50)
    assert {type(reading) for reading in readings} == {Seen}
    assert identity.issued == 2


async def test_a_failure_is_shared_by_all_who_waited_for_it(
    token: PasswordToken, identity: Identity, server: Upstream
) -> None:
    identity.status = 401
    identity.hold = anyio.Event()
    outcomes: list[object] = []

    async def one() -> None:
        outcomes.append(await token.authorize(PLAIN))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        identity.hold.set()
    assert len(server.got) == 1
    assert {type(outcome) for outcome in outcomes} == {Unauthorized}


async def test_a_failure_is_not_remembered_beyond_that(token: PasswordToken, identity: Identity) -> None:
    identity.status = 503
    assert isinstance(await token.authorize(PLAIN), Failed)
    identity.status = 201
    assert await carried(token) == "t1"


async def test_an_early_renewal_that_fails_leaves_the_old_token_in_use_and_is_tried_again_after_a_minute(
    token: PasswordToken, identity: Identity, server: Upstream, clock: HandClock
) -> None:
    await carried(token)
    identity.status = 503
    clock.at = NOON + LIFE - MARGIN
    assert [await carried(token) for _ in range(3)] == ["t1"] * 3
    assert len(server.got) == 2
    clock.at += RETRY_EARLY
    assert await carried(token) == "t1"
    assert len(server.got) == 3
    clock.at = NOON + LIFE
    assert isinstance(await token.authorize(PLAIN), Failed)
    identity.status = 201
    assert await carried(token) == "t2"


async def test_a_password_refused_early_is_not_tried_again_before_the_token_has_ended(
    token: PasswordToken, identity: Identity, server: Upstream, clock: HandClock
) -> None:
    await carried(token)
    identity.status = 401
    clock.at = NOON + LIFE - MARGIN
    for _ in range(int(MARGIN)):
        assert await carried(token) == "t1"
        clock.at += 0.999
    assert len(server.got) == 2
    clock.at = NOON + LIFE
    assert isinstance(await token.authorize(PLAIN), Unauthorized)


async def test_only_the_token_that_was_refused_is_forgotten(token: PasswordToken) -> None:
    refused = await token.authorize(PLAIN)
    assert isinstance(refused, Request)
    token.renew(refused)
    assert await carried(token) == "t2"
    token.renew(refused)
    assert await carried(token) == "t2"


async def test_who_gives_up_waiting_leaves_the_way_free_for_the_next(token: PasswordToken, identity: Identity) -> None:
    identity.hold = anyio.Event()
    with anyio.move_on_after(0.05):
        await carried(token)
    identity.hold = None
    with anyio.fail_after(2):
        assert (await carried(token)).startswith("t")


async def test_neither_password_nor_token_is_shown(token: PasswordToken, server: Upstream) -> None:
    authorized = await token.authorize(PLAIN)
    assert "t1" not in repr((token, authorized))
    assert [secret.reveal() for secret in token.secrets] == ["pw", "t1"]
    assert server.got[0].path == "/v3/auth/tokens?nocatalog=1"


async def test_a_token_that_the_api_does_not_take_is_fetched_anew_within_the_same_fetch(
    identity: Identity, server: Upstream, http: Http, clock: HandClock
) -> None:
    source = build("prod", config(server.url, "password"), http, clock)
    assert isinstance(await source.fetch(Target(job_id=JOB)), Seen)
    identity.issued += 1  # as if another had been issued and the first revoked
    assert isinstance(await source.fetch(Target(job_id=JOB)), Seen)
    assert len([got for got in server.got if got.method == "POST"]) == 2
