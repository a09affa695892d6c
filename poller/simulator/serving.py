"""A bare aiohttp server around one handler: no router, no access log, nothing that costs time per request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

SHUTDOWN_GRACE: Final = 0.2
"""Seconds that requests in hand get when the server stops; hanging ones would never end by themselves."""


@asynccontextmanager
async def serving(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], host: str, port: int
) -> AsyncIterator[str]:
    """Serves until the block is left; gives the URL. Port 0 takes a free one. Raises OSError when it cannot listen."""
    runner = web.ServerRunner(
        web.Server(handler, access_log=None, handler_cancellation=True), shutdown_timeout=SHUTDOWN_GRACE
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{bound[1]}"
    finally:
        await runner.cleanup()
