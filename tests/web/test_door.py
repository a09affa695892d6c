"""Who is let in over TCP: with a token whoever carries it, without one only who means this machine."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from poller.config import Web
from poller.core.secret import Secret
from tests.web.asking import Api, listening

TOKEN = "s3cret-tökén".encode("ascii", "ignore").decode() + ":=+/"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BASIC = {"Authorization": "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode()}
JOBS = "/api/v1/jobs"
ADDITION = {"source": "prod", "job_id": "a"}


@asynccontextmanager
async def _asking(api: Api, token: str | None) -> AsyncIterator[Any]:
    web = Web(listen="127.0.0.1:0", token=None if token is None else Secret(token))
    async with listening(api, web) as front, aiohttp.ClientSession(f"http://{front.addresses[0]}") as session:

        async def ask(method: str, path: str, **more: Any) -> aiohttp.ClientResponse:
            async with session.request(method, path, **more) as response:
                await response.read()
                return response

        yield ask


async def test_without_the_token_only_health_and_readiness_are_answered(api: Api) -> None:
    async with _asking(api, TOKEN) as ask:
        assert (await ask("GET", "/healthz")).status == 200
        for path in (JOBS, "/api/v1/openapi.json", "/api/v1/nothing", "/metrics", "/"):
            response = await ask("GET", path)
            assert response.status == 401, path
            assert response.headers["WWW-Authenticate"].startswith('Bearer realm="poller", Basic realm="poller"')
            assert (await response.json())["error"]["place"] == "Authorization"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Token {TOKEN}",
        TOKEN,
        "Basic %%%",
        "Basic /w==",
    ],
)
async def test_anything_but_the_token_is_refused(api: Api, value: str) -> None:
    async with _asking(api, TOKEN) as ask:
        assert (await ask("GET", JOBS, headers={"Authorization": value})).status == 401


async def test_the_token_lets_in_whatever_the_host_is_called(api: Api) -> None:
    async with _asking(api, TOKEN) as ask:
        assert (await ask("GET", JOBS, headers=BEARER)).status == 200
        assert (await ask("GET", JOBS, headers={**BEARER, "Host": "poller.example.com"})).status == 200
        assert (await ask("POST", JOBS, headers=BEARER, json=ADDITION)).status == 201


async def test_a_browsers_password_reads_and_changes_nothing(api: Api) -> None:
    async with _asking(api, TOKEN) as ask:
        assert (await ask("GET", JOBS, headers=BASIC)).status == 200
        refused = await ask("POST", JOBS, headers=BASIC, json=ADDITION)

    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="poller"')
    assert (await api.get(JOBS))["items"] == []


@pytest.mark.parametrize("host", ["localhost:8780", "127.0.0.1", "127.5.5.5:1", "[::1]:8780", "LOCALHOST"])
async def test_without_a_token_a_loopback_name_is_answered(api: Api, host: str) -> None:
    async with _asking(api, None) as ask:
        assert (await ask("GET", JOBS, headers={"Host": host})).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8780", "localhost.evil.example", "10.0.0.1", "[::", ""])
async def test_without_a_token_a_name_that_was_bent_to_this_machine_is_refused(api: Api, host: str) -> None:
    async with _asking(api, None) as ask:
        refused = await ask("GET", JOBS, headers={"Host": host})
        assert (refused.status, (await refused.json())["error"]["place"]) == (403, "Host")
        assert (await ask("GET", "/healthz", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:1", 403),
        (None, 201),
        ("http://localhost:5", 201),
    ],
)
async def test_a_page_of_another_site_changes_nothing(api: Api, origin: str | None, status: int) -> None:
    headers = {"Host": "localhost:5"} | ({} if origin is None else {"Origin": origin})
    async with _asking(api, None) as ask:
        assert (await ask("POST", JOBS, headers=headers, json=ADDITION)).status == status
        assert (await ask("GET", JOBS, headers=headers)).status == 200


async def test_every_answer_is_hardened_also_a_refusal_and_says_nothing_of_what_serves_it(api: Api) -> None:
    async with _asking(api, TOKEN) as ask:
        for response in (await ask("GET", JOBS), await ask("GET", JOBS, headers=BEARER), await ask("HEAD", "/healthz")):
            assert response.headers["Server"] == "poller"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "no-store"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
