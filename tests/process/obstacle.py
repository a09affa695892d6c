"""Between daemons and their PostgreSQL: a line that can be slow, silent, broken or closed."""

import math
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import anyio
from anyio.abc import SocketStream

from tests.process.daemon import until

SOCKET: Final = ".s.PGSQL.5432"
_BROKEN: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError)


@dataclass
class Obstacle:
    """`url` leads through it. `delay` are seconds that each piece takes in each direction; nothing passes while `silent`."""

    target: Path
    url: str
    delay: float = 0.0
    silent: bool = False
    closed: bool = False
    _open: set[anyio.CancelScope] = field(default_factory=set)

    def drop(self) -> int:
        """Break every connection that there is; returns how many."""
        for scope in self._open:
            scope.cancel()
        return len(self._open)

    async def handle(self, client: SocketStream) -> None:
        """One connection, from beginning to end."""
        with anyio.CancelScope() as scope, suppress(*_BROKEN):
            self._open.add(scope)
            try:
                async with client:
                    if not self.closed:
                        await self._through(client)
            finally:
                self._open.discard(scope)

    async def _through(self, client: SocketStream) -> None:
        async with await anyio.connect_unix(self.target) as server, anyio.create_task_group() as group:
            group.start_soon(self._pass_on, client, server, group.cancel_scope)
            group.start_soon(self._pass_on, server, client, group.cancel_scope)

    async def _pass_on(self, source: SocketStream, sink: SocketStream, both: anyio.CancelScope) -> None:
        with suppress(*_BROKEN):
            async for piece in source:
                await anyio.sleep(self.delay)
                await until(lambda: not self.silent, math.inf)
                await sink.send(piece)
        both.cancel()


@asynccontextmanager
async def obstacle(url: str) -> AsyncIterator[Obstacle]:
    """In front of the server of `url`, which is at a Unix socket."""
    target = Path(parse_qs(urlsplit(url).query)["host"][0])
    with tempfile.TemporaryDirectory(prefix="poller-line-") as folder:
        line = Obstacle(target=target / SOCKET, url=url.replace(str(target), folder))
        async with (
            await anyio.create_unix_listener(Path(folder) / SOCKET) as listener,
            anyio.create_task_group() as group,
        ):
            group.start_soon(listener.serve, line.handle)
            yield line
            line.drop()
            group.cancel_scope.cancel()
