"""A real HTTP server on the loopback that misbehaves as it is told: the receiver of kinds that speak HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import anyio
from aiohttp import web

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Got:
    """One request that came; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answer` is what the next requests meet; `got` what arrived; `sent` counts bytes of an endless answer."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Answer | None = None
    sent: int = 0
    left: anyio.Event = field(default_factory=anyio.Event)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.got.append(Got(method=request.method, path=request.path_qs, headers=headers, body=body))
        return await self.answer(request) if self.answer is not None else web.Response(status=200)

    def says(self, status: int, *, headers: dict[str, str] | None = None, text: str = "", reason: str = "") -> None:
        """Answer so."""

        async def plain(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=status, reason=reason or None, headers=headers, body=text.encode() or None)

        self.answer = plain

    def echoes(self, status: int) -> None:
        """All that the request held, in the reason phrase, a header and the body."""

        async def echo(request: web.BaseRequest) -> web.StreamResponse:
            held = f"{request.path_qs} {dict(request.headers)}"
            answer = web.Response(status=status, reason=held[:4000], headers={"X-Echo": held, "Retry-After": held})
            answer.body = held.encode() + await request.read()
            return answer

        self.answer = echo

    def hangs(self) -> None:
        """Never answer; `left` is set when the sender goes."""

        async def hang(_: web.BaseRequest) -> web.StreamResponse:
            try:
                await anyio.sleep_forever()
            finally:
                self.left.set()
            raise AssertionError("unreachable")

        self.answer = hang

    def hangs_up(self, *, after_head_of: int | None = None) -> None:
        """Close the connection, at once or in the middle of the body of an answer of that status."""

        async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
            answer = web.StreamResponse(status=after_head_of or 200, headers={"Content-Length": "1000"})
            if after_head_of is not None:
                await answer.prepare(request)
                await answer.write(b"only this")
            if request.transport is not None:
                request.transport.close()
            return answer

        self.answer = hang_up

    def never_ends(self, status: int, *, pause: float = 0.0) -> None:
        """Write a body without an end; `left` is set when the sender goes."""

        async def pour(request: web.BaseRequest) -> web.StreamResponse:
            answer = web.StreamResponse(status=status)
            await answer.prepare(request)
            try:
                while True:
                    await answer.write(b"x" * 4096)
                    self.sent += 4096
                    await anyio.sleep(pause)
            finally:
                self.left.set()

        self.answer = pour


class Served(Protocol):
    """Whoever answers requests, and is told at which URL."""

    url: str

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer."""
        ...


ServedT = TypeVar("ServedT", bound=Served)


@asynccontextmanager
async def listening(served: ServedT) -> AsyncIterator[ServedT]:
    """`served` behind a port of the loopback."""
    runner = web.ServerRunner(web.Server(served, access_log=None, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        served.url = f"http://{host}:{port}"
        yield served
    finally:
        await runner.cleanup()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    async with listening(Receiver()) as receiver:
        yield receiver
