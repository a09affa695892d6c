"""The TCP listener, which comes, goes and moves with the configuration."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

import structlog
from aiohttp import web

from poller.config import Web
from poller.errors import PollerError
from poller.web.crowd import HEAD_SECONDS, Crowd, end_unread
from poller.web.door import Door
from poller.web.socket import CLOSING

BACKLOG: Final = 128

log = structlog.get_logger(__name__)


class Listener:
    """One address on which the API is served, and its door."""

    def __init__(self, wanted: Web, make_app: Callable[[Door], web.Application]) -> None:
        self.wanted = wanted
        self.door = Door(token=wanted.token)
        self._runner = web.AppRunner(
            make_app(self.door),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=CLOSING,
            keepalive_timeout=HEAD_SECONDS,
        )
        self._listening: asyncio.Server | None = None

    @property
    def addresses(self) -> list[str]:
        """Where it listens."""
        sockets = () if self._listening is None else self._listening.sockets
        return [_shown(socket.getsockname()) for socket in sockets]

    async def open(self) -> None:
        """Listen and serve. Raises PollerError when the address cannot be listened on."""
        if self._runner.server is None:
            await self._runner.setup()
        crowd = Crowd(cast("web.Server", self._runner.server))
        try:
            self._listening = await asyncio.get_running_loop().create_server(
                crowd, self.wanted.host, self.wanted.port, backlog=BACKLOG, reuse_address=True
            )
        except OSError as error:
            await self.leave()
            raise PollerError(_words(self.wanted.listen, error)) from None
        end_unread(self._listening)

    async def leave(self) -> None:
        """Listen no longer; requests under way go on."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def close(self) -> None:
        """Listen no longer, and end what is under way within `CLOSING` seconds."""
        await self.leave()
        await self._runner.cleanup()


class Front:
    """At most one listener, as the [web] table wants it."""

    def __init__(self, make_app: Callable[[Door], web.Application]) -> None:
        self._make_app = make_app
        self._now: Listener | None = None

    @property
    def addresses(self) -> list[str]:
        """Where is listened."""
        return [] if self._now is None else self._now.addresses

    @asynccontextmanager
    async def changing(self, wanted: Web | None) -> AsyncIterator[None]:
        """Change to `wanted` around a block: what can fail comes before it, and an exception in it leaves all as it was.

        Raises PollerError when the address cannot be listened on; then all is as it was, too.
        """
        if wanted is not None and self._now is not None and wanted.listen == self._now.wanted.listen:
            yield
            self._now.wanted, self._now.door.token = wanted, wanted.token
            return
        fresh = None if wanted is None else await self._beside(wanted)
        try:
            yield
        except BaseException:
            await self._back(fresh)
            raise
        old, self._now = self._now, fresh
        if old is not None:
            await old.close()
        if fresh is not None:
            log.info("listening", addresses=", ".join(fresh.addresses), token=fresh.door.token is not None)

    async def close(self) -> None:
        """Listen no longer."""
        async with self.changing(None):
            pass

    async def _beside(self, wanted: Web) -> Listener:
        """A new listener. One that needs the port of the old one, for instance on all addresses, gets it."""
        fresh = Listener(wanted, self._make_app)
        try:
            if self._now is not None and self._now.wanted.port == wanted.port != 0:
                await self._now.leave()
            await fresh.open()
        except BaseException:
            await self._back(fresh)
            raise
        return fresh

    async def _back(self, fresh: Listener | None) -> None:
        if fresh is not None:
            await fresh.close()
        if self._now is not None and not self._now.addresses:
            await self._now.open()


@asynccontextmanager
async def serve_web(make_app: Callable[[Door], web.Application], wanted: Web | None) -> AsyncIterator[Front]:
    """Serve over TCP, if that is wanted, until the block is left. Raises PollerError when the address cannot be listened on."""
    front = Front(make_app)
    async with front.changing(wanted):
        pass
    try:
        yield front
    finally:
        await front.close()


def _words(listen: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"web.listen: {listen} is in use already: stop what listens there, or choose another port"
        case errno.EACCES:
            return f"web.listen: {listen} is not allowed to poller's user: choose a port from 1024 on"
        case errno.EADDRNOTAVAIL:
            return f"web.listen: {listen} is no address of this machine"
    reason = error.strerror or str(error)
    return f"web.listen: {listen} cannot be listened on ({reason}): expected an address of this machine and a free port"


def _shown(address: object) -> str:
    host, port = address[:2] if isinstance(address, tuple) else (str(address), 0)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
