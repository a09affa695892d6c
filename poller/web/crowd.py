"""No more connections at once than there is room for: each costs a descriptor, and the daemon needs its own."""

import asyncio
import socket
from typing import Final, cast

import msgspec
import structlog
from aiohttp import web

from poller.web.refusals import RETRY_AFTER

MOST_CONNECTIONS: Final = 256  # a quarter of the descriptors that a process usually has
# Seconds without a whole head of a request: of a new connection, and of one whose last request was answered.
HEAD_SECONDS: Final = 30.0
# Seconds in which a caller accepts nothing of what is sent; only the kernel sees that, also of a connection that is closing already.
UNREAD_SECONDS: Final = 30.0

_BODY: Final = msgspec.json.encode(
    {"error": {"message": "too many connections at once: try again later", "place": None}}
)
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Retry-After: " + RETRY_AFTER.encode() + b"\r\nContent-Length: " + str(len(_BODY)).encode() + b"\r\n\r\n" + _BODY
)

log = structlog.get_logger(__name__)


class Crowd:
    """Lets connections in to `server` as long as there are fewer than `most`; asyncio calls it for each."""

    def __init__(self, server: web.Server, most: int = MOST_CONNECTIONS) -> None:
        self._server = server
        self._most = most

    def __call__(self) -> asyncio.BaseProtocol:
        """Who serves the connection."""
        if len(self._server.connections) < self._most:
            return self._server()
        log.warning("connections are turned away: there are too many at once", most=self._most)
        return _TurnedAway()


def end_unread(listening: asyncio.Server) -> None:
    """Have the kernel end connections whose callers are stuck (RFC 5482; on Linux, where accepted sockets inherit it)."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    for one in listening.sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_SECONDS * 1000))


class _TurnedAway(asyncio.Protocol):
    """Says so, and reads nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writing = cast("asyncio.Transport", transport)
        writing.write(_FULL)
        writing.close()
