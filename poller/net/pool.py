"""aiohttp's pool of connections, in which every exchange has an end."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, NamedTuple, TypeAlias

import aiohttp
import anyio
from aiohttp.abc import AbstractResolver
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from yarl import URL

from poller.net.deadlines import Deadlines
from poller.net.guard import ATTEMPT, Attempt, Policy, socket_factory
from poller.net.salvage import HeadKeeper

IDLE_SECONDS: Final = 15.0  # an unused connection is closed after this long
_NO_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)  # `Pool.speak` has the only clock

Speak: TypeAlias = Callable[[Connection, HeadKeeper], Awaitable[None]]


class Asking(NamedTuple):
    """How the pool is asked for a connection with an origin; made once for each, as aiohttp makes the key anew with every look."""

    request: aiohttp.ClientRequest
    key: ConnectionKey


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

    def asking(self, url: URL) -> Asking:
        """For connections with the origin `url`."""
        request = aiohttp.ClientRequest("GET", url, loop=self._loop)
        return Asking(request, request.connection_key)

    async def speak(self, asking: Asking, speak: Speak, *, attempt: Attempt, until: float) -> None:
        """Have `speak` use a connection to where `asking` goes. Raises TimeoutError when that takes beyond `until`."""
        # `connect` alone would do; but what finds a connection here needs no time-out of its own for that.
        connection = await self._connector._get(asking.key, [])
        if connection is None:
            ATTEMPT.set(attempt)
            with anyio.fail_after(until - self._loop.time()):
                connection = await self._connector.connect(asking.request, [], _NO_LIMITS)
        protocol = connection.protocol
        if not isinstance(protocol, HeadKeeper):
            connection.close()
            raise aiohttp.ServerDisconnectedError
        self._deadlines.begin(protocol, until)
        try:
            await speak(connection, protocol)
        finally:
            self._deadlines.end(protocol)
