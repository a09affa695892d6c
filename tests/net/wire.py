"""A server that shows what arrived, byte for byte, and answers with whatever bytes a test gives it."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import anyio
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.typedefs import Handler

After: TypeAlias = Literal["next", "close", "hold"]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Wire:
    """`received` holds head and body of every request; `asked` is set by the first; `gone` when the client closed."""

    answer: Callable[[int], bytes | None]
    after: After
    port: int = 0
    scheme: str = "http"
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    asked: anyio.Event = field(default_factory=anyio.Event)
    gone: anyio.Event = field(default_factory=anyio.Event)

    def url(self, target: str = "/") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{target}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        self.received.append(head + await reader.readexactly(length))
        self.asked.set()
        answer = self.answer(len(self.received))
        if answer is None:
            return False
        writer.write(answer)
        await writer.drain()
        if self.after == "hold":
            await reader.read()
            self.gone.set()
        return self.after == "next"


@asynccontextmanager
async def wire(
    answer: bytes | Callable[[int], bytes | None] = OK, *, after: After = "next", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Wire]:
    """A listening `Wire`; `answer` may look at the number of the request, from 1, and None closes without a word."""
    server = Wire(answer if callable(answer) else lambda _: answer, after, scheme="https" if tls else "http")
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


@asynccontextmanager
async def site(handler: Handler) -> AsyncIterator[str]:
    """The URL of a real aiohttp server where `handler` answers everything."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class Names(AbstractResolver):
    """Every name resolves to the given addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass
