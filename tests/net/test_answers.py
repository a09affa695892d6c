"""What is read of an answer: never more than allowed, never inflated, and a status is a Reply whatever its body does."""

import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator

import anyio
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.net.session import Http
from poller.net.talk import BUFFER_BYTES, HEADER_BYTES, HEADER_LINES
from tests.net.wire import site, wire

LIMIT = 20_000
SOON = 0.2  # seconds, for what must run into its deadline


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(clock=lambda: 1234.5) as http:
        yield http


async def get(http: Http, url: str, *, within: float = 5.0, limit: int = LIMIT) -> Exchange:
    return await http.send(Request(method="GET", url=url), timeout=within, limit=limit)


def sized(body: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), extra, body)


def chunked(*chunks: bytes) -> bytes:
    parts = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % parts


async def test_an_answer_is_told_with_lower_case_names_and_the_time_it_came(http: Http) -> None:
    async with wire(sized(b"body", b"X-Request-ID: 7\r\nVIA: a\r\nVia: b\r\nX-Raw: \xff\r\n")) as server:
        assert await get(http, server.url()) == Reply(
            status=200,
            headers={"content-length": "4", "x-request-id": "7", "via": "a, b", "x-raw": "\ufffd"},
            body=b"body",
            received_at=1234.5,
        )


@pytest.mark.parametrize("frame", [sized, lambda body: chunked(body[:7], body[7:])])
@pytest.mark.parametrize(("length", "truncated"), [(LIMIT - 1, False), (LIMIT, False), (LIMIT + 1, True)])
async def test_a_body_up_to_the_limit_is_whole_and_one_byte_more_is_cut(
    http: Http, frame: object, length: int, truncated: bool
) -> None:
    assert callable(frame)
    body = b"x" * length
    async with wire(frame(body)) as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Reply)
    assert (answer.body, answer.truncated) == (body[:LIMIT], truncated)


async def test_a_limit_of_zero_still_tells_an_empty_body_from_a_cut_one(http: Http) -> None:
    async with wire(sized(b"")) as empty, wire(sized(b"x")) as full:
        answers = [await get(http, server.url(), limit=0) for server in (empty, full)]
    assert [(answer.body, answer.truncated) for answer in answers if isinstance(answer, Reply)] == [
        (b"", False),
        (b"", True),
    ]


async def test_a_longer_body_is_not_drained_but_its_connection_closed(http: Http) -> None:
    async with wire(sized(b"x" * 40 * BUFFER_BYTES), after="hold") as server:
        answer = await get(http, server.url())
        with anyio.fail_after(5):
            await server.gone.wait()
    assert isinstance(answer, Reply)
    assert (len(answer.body), answer.truncated) == (LIMIT, True)


async def test_an_endless_body_costs_no_more_memory_than_the_limit_and_the_buffers(http: Http) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(BUFFER_BYTES))

    async with site(endless) as url:
        answer = await get(http, url)
    assert isinstance(answer, Reply)
    assert (len(answer.body), answer.truncated) == (LIMIT, True)


async def test_a_gzip_bomb_is_handed_on_as_it_came(http: Http) -> None:
    bomb = gzip.compress(bytes(15_000_000))
    assert len(bomb) < LIMIT
    async with wire(sized(bomb, b"Content-Encoding: gzip\r\n")) as server:
        tracemalloc.start()
        try:
            answer = await get(http, server.url())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(answer, Reply)
    assert (answer.body, answer.truncated) == (bomb, False)
    assert peak < 2_000_000


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN_BODIES = {
    "shorter than its length": (HEAD + b"Content-Length: 10\r\n\r\nabc", b"abc"),
    "no chunk end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"abc"),
    "no chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc", b""),
    "longer than its chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX\r\n", b""),
    "longer than its length": (HEAD + b"Content-Length: 3\r\n\r\nabcdef\r\n", b""),
    "cut in the headers": (HEAD + b"Content-Len", b""),
    "cut after the status line": (HEAD, b""),
}


@pytest.mark.parametrize(("raw", "body"), BROKEN_BODIES.values(), ids=BROKEN_BODIES.keys())
async def test_a_status_is_a_reply_however_its_body_breaks(http: Http, raw: bytes, body: bytes) -> None:
    async with wire(raw, after="close") as server:
        for method in ("GET", "POST"):
            answer = await http.send(Request(method=method, url=server.url()), timeout=5.0, limit=LIMIT)
            assert isinstance(answer, Reply)
            assert (answer.status, answer.body, answer.truncated) == (200, body, True)


async def test_a_status_keeps_its_headers_however_its_body_breaks(http: Http) -> None:
    raw = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
    async with wire(raw) as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Reply)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


async def test_a_body_that_breaks_later_ends_the_reading_at_once(http: Http) -> None:
    async def later(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"abc")
        assert request.transport is not None
        request.transport.close()
        return response

    async with site(later) as url:
        with anyio.fail_after(5):
            answer = await get(http, url, within=60.0)
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body, answer.truncated) == (200, b"abc", True)


@pytest.mark.parametrize("raw", [HEAD + b"Content-Length: 10\r\n\r\nabc", HEAD + b"\r\nabc", chunked(b"abc")[:-5]])
async def test_a_body_that_stalls_is_a_cut_reply_at_the_deadline(http: Http, raw: bytes) -> None:
    async with wire(raw, after="hold") as server:
        started = anyio.current_time()
        answer = await get(http, server.url(), within=SOON)
        assert SOON <= anyio.current_time() - started < SOON + 1
        with anyio.fail_after(5):
            await server.gone.wait()
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body, answer.truncated) == (200, b"abc", True)


async def test_a_body_without_a_length_ends_with_its_connection(http: Http) -> None:
    async with wire(HEAD + b"\r\nabc", after="close") as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Reply)
    assert (answer.body, answer.truncated) == (b"abc", False)


async def test_interim_answers_are_passed_over(http: Http) -> None:
    async with wire(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized(b"ok")) as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Reply)
    assert (answer.status, answer.body) == (200, b"ok")


async def test_a_switch_of_protocols_is_an_answer_and_the_end_of_the_connection(http: Http) -> None:
    raw = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    async with wire(raw, after="hold") as server:
        answer = await get(http, server.url())
        with anyio.fail_after(5):
            await server.gone.wait()
    assert isinstance(answer, Reply)
    assert answer.status == 101


@pytest.mark.parametrize(
    ("raw", "how"),
    [
        (HEAD + b"X: " + b"x" * HEADER_BYTES + b"\r\n\r\n", "too_large"),
        (HEAD + b"X: y\r\n" * (HEADER_LINES + 1) + b"\r\n", "protocol"),
        (b"HTTP/1.1 200 " + b"x" * (HEADER_BYTES + 1) + b"\r\n\r\n", "too_large"),
        (b"<html>not HTTP</html>\r\n\r\n", "protocol"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "protocol"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "protocol"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "protocol"),
        (HEAD + b"no colon\r\n\r\n", "protocol"),
        (HEAD + b"Content-Length: x\r\n\r\n", "protocol"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "protocol"),
        (b"HTTP/1.1 20", "disconnected"),
        (b"", "disconnected"),
    ],
)
async def test_what_is_no_answer_is_broken_and_its_bytes_are_not_shown(http: Http, raw: bytes, how: str) -> None:
    async with wire(raw, after="close") as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Broken)
    assert answer.how == how
    assert not any(word in answer.detail for word in ("not HTTP</", "SSH", "no colon", "127.0.0.1", str(server.port)))


async def test_headers_up_to_the_limits_are_read(http: Http) -> None:
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(HEADER_LINES - 2))
    async with wire(sized(b"ok", b"X: " + b"x" * (HEADER_BYTES - 100) + b"\r\n" + lines)) as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Reply)
    assert len(answer.headers) == HEADER_LINES


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60), head=st.sampled_from([b"", b"HTTP/1.1 ", HEAD, HEAD + b"Content-Length: 5\r\n\r\n"]))
def test_no_bytes_whatever_raise(raw: bytes, head: bytes) -> None:
    async def exchange() -> Exchange:
        async with wire(head + raw, after="close") as server, Http() as http:
            return await get(http, server.url())

    answer = anyio.run(exchange)
    assert isinstance(answer, Broken | Reply)
    if head.endswith(b"\r\n\r\n"):
        assert isinstance(answer, Reply)


async def test_many_at_once_each_get_their_own_answer(http: Http) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"path": request.path_qs})

    seen: dict[int, Exchange] = {}

    async def one(url: str, number: int) -> None:
        seen[number] = await get(http, f"{url}?n={number}")

    async with site(echo) as url, anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(one, url, number)
    assert all(
        isinstance(answer, Reply) and json.loads(answer.body) == {"path": f"/?n={number}"}
        for number, answer in seen.items()
    )
    assert len(seen) == 200


async def test_the_answer_to_a_head_request_has_no_body_to_wait_for(http: Http) -> None:
    async with wire(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") as server:
        for _ in range(2):
            answer = await http.send(Request(method="HEAD", url=server.url()), timeout=5.0, limit=LIMIT)
            assert isinstance(answer, Reply)
            assert (answer.status, answer.body, answer.truncated) == (200, b"", False)
    assert server.connections == 1
