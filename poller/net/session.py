"""The one place that sends HTTP requests: it sends what it is given and reads no more than it is told.

What it does not do: follow redirects, keep cookies, look at proxy variables or `.netrc`, inflate bodies, send a POST
twice, or add headers beyond `Host`, `User-Agent`, `Accept-Encoding: identity` and the framing.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http import HttpProcessingError

from poller import __version__
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.net.breakage import broken
from poller.net.guard import Attempt, Policy
from poller.net.head import Origin, head, origin_of, split
from poller.net.lowered import Lowered
from poller.net.pool import Asking, Pool
from poller.net.salvage import head_of
from poller.net.talk import Answer, talk

USER_AGENT: Final = f"poller/{__version__}"
CONNECTIONS: Final = 256  # at once, all hosts together; the soft limit of open files is 1024 nearly everywhere
ORIGINS: Final = 256  # that are remembered; more are looked at anew
WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})  # these two are sent again on a stale connection


class Http:
    """Sends requests; an async context manager around one connection pool, for one address policy.

    `tls` is the client context (default: the system's roots, TLS 1.2 or later), `resolver` replaces the system's
    look-up, and `clock` gives `Reply.received_at`.

    A keep-alive connection may have been closed by the other side just before it is used again. Then a GET or HEAD is
    sent a second time, once, and only when it went out on a reused connection and nothing of an answer came. A POST may
    have arrived, so it is `Broken`, and whoever sent it decides.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        connections: int = CONNECTIONS,
        user_agent: str = USER_AGENT,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policy = policy or Policy()
        self._connections = connections
        self._user_agent = user_agent
        self._tls = tls or _default_tls()
        self._resolver = resolver
        self._clock = clock
        self._pool: Pool | None = None
        self._origin = lru_cache(maxsize=ORIGINS)(self._new_origin)

    async def __aenter__(self) -> Self:
        self._pool = Pool(self._policy, connections=self._connections, tls=self._tls, resolver=self._resolver)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """Send `request` and read at most `limit` bytes of the answer's body, all within `timeout` seconds.

        A body that is longer, breaks off or is not there in time makes `truncated` true, and its connection is closed.
        An answer that came as far as its status is a Reply; before that it is Broken (also when the head is malformed or
        incomplete at the deadline). Nothing but cancellation and misuse raises.
        """
        pool = self._pool
        if pool is None:
            raise RuntimeError("Http.send outside of `async with Http(...)`")
        if timeout <= 0:
            return Broken(how="timeout", detail="no time left to send")
        attempt, answer = Attempt(), Answer()
        try:
            await self._exchange(pool, request, attempt, answer, limit=limit, until=pool.until(timeout))
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as exc:
            begun = head_of(exc)
            if begun is None:
                return replace(broken(exc, attempt), resent=attempt.resent)
            answer.status, answer.headers = begun
        if answer.headers is None:
            raise RuntimeError("an exchange ended without a head")
        return Reply(
            status=answer.status,
            headers=Lowered(answer.headers),
            body=b"".join(answer.chunks)[:limit],
            received_at=self._clock(),
            truncated=answer.truncated,
            resent=attempt.resent,
        )

    async def _exchange(
        self, pool: Pool, request: Request, attempt: Attempt, answer: Answer, *, limit: int, until: float
    ) -> None:
        text, target = split(request.url)
        origin, asking = self._origin(pool, text)
        method = request.method.upper()
        sent = head(request, method, target, origin) + request.body
        speak = partial(talk, request=sent, answer=answer, method=method, limit=limit)
        try:
            await pool.speak(asking, speak, attempt=attempt, until=until)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
            if attempt.opened or method not in WITHOUT_BODY or not _is_stale(exc):
                raise
            attempt.resent = True
            await pool.speak(asking, speak, attempt=attempt, until=until)

    def _new_origin(self, pool: Pool, text: str) -> tuple[Origin, Asking]:
        """How requests to an origin begin, and how the pool is asked for a connection with it."""
        origin = origin_of(text, self._user_agent)
        return origin, pool.asking(origin.url)


def _is_stale(exc: aiohttp.ClientOSError | aiohttp.ServerDisconnectedError) -> bool:
    """Whether a connection of the pool was dropped before anything of an answer came."""
    return not isinstance(exc, aiohttp.ClientConnectorError) and head_of(exc) is None


def _default_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
