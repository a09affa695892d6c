"""aiohttp's pool of connections, in which every exchange has an end."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

import aiohttp
import anyio
from aiohttp.abc import AbstractResolver
from aiohttp.connector import Connection

from poller.net.deadlines import Deadlines
from poller.net.guard import Policy, socket_factory
from poller.net.salvage import HeadKeeper

IDLE_SECONDS: Final = 15.0  # an unused connection is closed after this long
_NO_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)  # `Pool.speak` has the only clock

Speak: TypeAlias = Callable[[Connection], Awaitable[None]]


class Pool:
    """Connections that `policy` lets be opened, at most so many at once, all hosts together. Belongs to the running event loop."""

    def __init__(
        self, policy: Policy, *, connections: int, tls: ssl.SSLContext, resolver: AbstractResolver | None
    ) -> None:
        self._connector = aiohttp.TCPConnector(
            limit=connections,
            keepalive_timeout=IDLE_SECONDS,
            ssl=tls,
            resolver=resolver,
            socket_factory=socket_factory(policy),
        )
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop)
        # aiohttp has no public way to choose the protocol class.
        self._connector._factory = partial(HeadKeeper, loop=self._loop)  # type: ignore[assignment]  # a subclass of it

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()
        self._deadlines.close()

    def until(self, seconds: float) -> float:
        """The instant in so many seconds, by this pool's clock."""
        return self._loop.time() + seconds

    async def speak(self, asking: aiohttp.ClientRequest, speak: Speak, *, until: float) -> None:
        """Have `speak` use a connection to where `asking` goes. Raises TimeoutError when that takes beyond `until`."""
        # `connect` alone would do; but what finds a connection here needs no time-out of its own for that.
        connection = await self._connector._get(asking.connection_key, [])
        if connection is None:
            with anyio.fail_after(until - self._loop.time()):
                connection = await self._connector.connect(asking, [], _NO_LIMITS)
        protocol = connection.protocol
        if not isinstance(protocol, HeadKeeper):
            connection.close()
            raise aiohttp.ServerDisconnectedError
        self._deadlines.begin(protocol, until)
        try:
            await speak(connection)
        finally:
            self._deadlines.end(protocol)
