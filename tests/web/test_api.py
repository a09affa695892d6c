"""What holds for the whole API: health, tests of notifiers, and that nothing inside is ever shown."""

import logging
from io import BytesIO
from pathlib import Path

import anyio
import pytest
from aiohttp import web

from poller.core.forecast import LATE
from poller.errors import StoreBusy, StoreFull, StoreUnavailable
from poller.web.asking import MAX_BODY_BYTES
from poller.web.refusals import explaining
from poller.web.socket import serve_socket
from tests.core.samples import NOON
from tests.store import making
from tests.web.asking import Api, client

JSON = {"Content-Type": "application/json"}


async def test_health_is_200_while_the_loops_make_progress_else_503_with_the_reason(api: Api) -> None:
    assert await api.get("/healthz") == {"ok": True, "reason": "ok"}

    api.controls.stalled = "poll prod: no progress for 60 s"
    status, answer = await api.ask("GET", "/healthz")
    assert (status, answer["reason"]) == (503, "poll prod: no progress for 60 s")


async def test_the_status_is_what_the_daemon_says_and_how_many_polls_are_overdue(api: Api) -> None:
    await making.watch(api.store, "late", now=NOON - LATE - 1)
    await making.watch(api.store, "due", now=NOON)

    status = await api.get("/api/v1/status")

    assert (status["sources"], status["plans"], status["overdue"]) == (["prod"], {}, {"prod": 1})


async def test_a_test_event_is_owed_to_the_notifier_that_is_tested_alone(api: Api) -> None:
    event_id = (await api.post("/api/v1/notifiers/hook/test"))["event_id"]

    rows = (await api.get("/api/v1/deliveries", event_id=event_id))["items"]
    assert [(row["notifier"], row["state"], row["transition"]) for row in rows] == [("hook", "pending", "TEST")]


async def test_a_notifier_that_is_not_configured_is_not_found_and_those_there_are_named(api: Api) -> None:
    status, message, _ = await api.refusal("POST", "/api/v1/notifiers/nobody/test")

    assert status == 404
    assert "hook, other" in message


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"source": "\xff"}', b"[" * 100_000, b'{"a": NaN}', b"\x00", b'{"ids": [1]} x']
)
async def test_a_body_that_is_no_json_is_a_bad_request(api: Api, body: bytes) -> None:
    assert (await api.refusal("POST", "/api/v1/deliveries/retry", data=body, headers=JSON))[0] == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
async def test_a_body_that_does_not_call_itself_json_is_not_read(api: Api, kind: str) -> None:
    refusal = await api.refusal("POST", "/api/v1/jobs", data=b"{}", headers={"Content-Type": kind})

    assert refusal == (415, f"found the content type {kind}; expected application/json", "Content-Type")


async def test_a_body_that_is_too_large_is_not_read(api: Api) -> None:
    assert (await api.refusal("POST", "/api/v1/jobs", data=BytesIO(b" " * (MAX_BODY_BYTES + 1)), headers=JSON))[
        0
    ] == 413


async def test_a_path_that_is_not_there_and_a_method_that_is_not_allowed_are_told_as_json(api: Api) -> None:
    assert (await api.refusal("GET", "/api/v1/nothing"))[::2] == (404, "/api/v1/nothing")
    assert (await api.refusal("GET", "/api/v1/deliveries/abc"))[0] == 404
    status, message, _ = await api.refusal("DELETE", "/api/v1/jobs")
    assert (status, message) == (405, "DELETE is not allowed here; allowed: GET, HEAD, POST")


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreFull("no space left"), 503), (StoreUnavailable("locked"), 503), (StoreBusy("another"), 503)],
)
async def test_a_database_that_cannot_be_used_now_is_503(tmp_path: Path, error: Exception, status: int) -> None:
    assert await _answer_to(error, tmp_path) == (status, str(error))


async def test_a_bug_shows_nothing_of_its_inside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    assert await _answer_to(KeyError("s3cret"), tmp_path) == (500, "internal error, see the daemon's log")


async def test_a_request_that_is_given_up_does_not_disturb_the_next(api: Api) -> None:
    async with await anyio.connect_unix(str(api.store.database.place.file).replace(".db", ".sock")) as stream:
        await stream.send(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")

    assert await api.get("/api/v1/jobs") == {"items": [], "next": None}


async def _answer_to(error: Exception, folder: Path) -> tuple[int, str]:
    async def failing(request: web.Request) -> web.Response:
        raise error

    app = web.Application(middlewares=[explaining])
    app.router.add_get("/", failing)
    async with (
        serve_socket(app, folder / "s"),
        client(folder / "s") as session,
        session.get("http://poller/") as response,
    ):
        return response.status, (await response.json())["error"]["message"]
