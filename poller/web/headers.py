"""Headers of every answer: nothing may be guessed, framed, cached or loaded from elsewhere."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


async def harden(_: web.Request, answer: web.StreamResponse) -> None:
    """Adds those that the handler has not set. What serves is not told in detail."""
    answer.headers["Server"] = "poller"
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
