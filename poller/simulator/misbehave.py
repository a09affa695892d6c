"""Connections treated badly: cut bodies, resets, silence. For servers of `aiohttp.web`."""

import asyncio
import gzip
import socket
import struct
from functools import cache
from typing import Final

import anyio
from aiohttp import web

BOMB_MEMBER: Final = 10_000_000
BOMB_MEMBERS: Final = 100
_ABORT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST instead of FIN."""


def reset(request: web.BaseRequest) -> web.StreamResponse:
    """Ends the connection with RST; the answer returned is never sent."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        transport.abort()
    return web.Response()


async def cut(request: web.BaseRequest, good: web.Response) -> web.StreamResponse:
    """Announces the whole length, sends half of the body and closes."""
    body = good.body if isinstance(good.body, bytes) else b""
    partial = web.StreamResponse(status=good.status, headers=good.headers)
    partial.content_length = len(body) + 1
    await partial.prepare(request)
    await partial.write(body[: len(body) // 2] or b" ")
    if isinstance(request.transport, asyncio.Transport):
        request.transport.close()
    return partial


async def hang(request: web.BaseRequest, seconds: float) -> web.StreamResponse:
    """Says nothing for `seconds`, then resets; ends at once when the caller goes."""
    await anyio.sleep(seconds)
    return reset(request)


def bomb(headers: dict[str, str]) -> web.Response:
    """About 1 MB of gzip, not asked for, that unpacks to 1 GB."""
    return web.Response(
        body=_bomb(), headers={**headers, "Content-Encoding": "gzip", "Content-Type": "application/json"}
    )


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB_MEMBER, mtime=0) * BOMB_MEMBERS
