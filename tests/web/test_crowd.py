"""The listener under callers who are many or slow: bounded, said, and over when they are gone."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import pytest
from structlog.testing import capture_logs

from poller.config import Web
from poller.web import asking, crowd, listener
from poller.web.crowd import MOST_CONNECTIONS
from poller.web.listener import Front
from tests.process.daemon import until
from tests.store import making
from tests.web.asking import Api, listening

PATIENCE = 0.3  # seconds, in the place of the usual ones
WAIT = 20.0  # seconds, at the longest
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
ADDITION = (
    b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
)


class Caller:
    """A bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def says(self, text: bytes) -> None:
        self._writer.write(text)
        await self._writer.drain()

    async def hears(self) -> str:
        """The status line of an answer, and all of its head; empty once the other side has closed."""
        with anyio.fail_after(10):
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), b":0"
                )
                await self._reader.readexactly(int(length.partition(b":")[2]))
            except (asyncio.IncompleteReadError, ConnectionError):
                return ""
        return head.decode()

    async def leave(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def caller(address: str) -> AsyncIterator[Caller]:
    host, _, port = address.rpartition(":")
    one = Caller(*await asyncio.open_connection(host, int(port)))
    try:
        yield one
    finally:
        await one.leave()


@pytest.fixture
async def address(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(listener, "HEAD_SECONDS", PATIENCE)
    monkeypatch.setattr(asking, "BODY_SECONDS", PATIENCE)
    async with listening(api, Web(listen="127.0.0.1:0")) as front:
        yield front.addresses[0]


@pytest.mark.parametrize("beginning", [b"", b"GET", HEALTH[:-2]])
async def test_a_connection_without_a_whole_head_of_a_request_is_closed(address: str, beginning: bytes) -> None:
    async with caller(address) as slow:
        await slow.says(beginning)
        began = anyio.current_time()
        assert await slow.hears() == ""
        assert anyio.current_time() - began >= PATIENCE - 0.1


async def test_a_connection_that_is_used_stays_and_is_closed_once_it_is_idle(address: str) -> None:
    async with caller(address) as one:
        for _ in range(3):
            await one.says(HEALTH)
            assert "200 OK" in await one.hears()
        await one.says(HEALTH[:10])
        assert await one.hears() == ""


async def test_a_body_that_does_not_come_is_a_408(address: str) -> None:
    async with caller(address) as slow:
        await slow.says(ADDITION)
        assert "408 Request Timeout" in await slow.hears()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux ends them")
async def test_a_connection_whose_caller_reads_nothing_is_ended(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "UNREAD_SECONDS", PATIENCE)
    await making.watch(api.store, *(f"job{number:04}" for number in range(1000)))
    loop = asyncio.get_running_loop()
    async with listening(api, Web(listen="127.0.0.1:0")) as front:
        host, _, port = front.addresses[0].rpartition(":")
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.setblocking(False)
            await loop.sock_connect(stuck, (host, int(port)))
            await loop.sock_sendall(stuck, b"GET /api/v1/jobs?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await until(lambda: connections(front) == 1, WAIT)
            await until(lambda: connections(front) == 0, WAIT)


def connections(front: Front) -> int:
    """How many are served."""
    assert front._now is not None
    server = front._now._runner.server
    assert server is not None
    return len(server.connections)


async def test_one_connection_too_many_is_turned_away_until_another_has_left(api: Api) -> None:
    async with listening(api, Web(listen="127.0.0.1:0")) as front, AsyncExitStack() as stack:
        address = front.addresses[0]
        callers = [await stack.enter_async_context(caller(address)) for _ in range(MOST_CONNECTIONS)]
        await callers[-1].says(HEALTH)
        assert "200 OK" in await callers[-1].hears()
        with capture_logs() as logs:
            async with caller(address) as late:
                answer = await late.hears()
        assert "503 Service Unavailable" in answer
        assert "Retry-After: 10" in answer
        assert [log["most"] for log in logs if "turned away" in log["event"]] == [MOST_CONNECTIONS]
        assert (await api.get("/healthz"))["ok"]  # the control socket is another door
        await callers[0].leave()
        with anyio.fail_after(10):
            while "200 OK" not in answer:
                async with caller(address) as later:
                    await later.says(HEALTH)
                    answer = await later.hears()
