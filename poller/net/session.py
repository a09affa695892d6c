"""The one place that sends HTTP requests: it sends what it is given and reads no more than it is told.

What it does not do: follow redirects, keep cookies, look at proxy variables or `.netrc`, inflate bodies, send a POST
twice, or add headers beyond `Host`, `User-Agent`, `Accept-Encoding: identity` and the framing.
"""

import math
import ssl
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import TracebackType
from typing import ClassVar, Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import MultiMapping, istr
from yarl import URL

from poller import __version__
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.net.breakage import NotAnswered, broken
from poller.net.guard import ATTEMPT, Attempt, Policy, socket_factory
from poller.net.salvage import HeadKeeper, head_of

USER_AGENT: Final = f"poller/{__version__}"
CONNECTIONS: Final = 256  # at once, all hosts together; the soft limit of open files is 1024 nearly everywhere
IDLE_SECONDS: Final = 15.0  # an unused connection is closed after this long
BUFFER_BYTES: Final = 64 * 1024  # reading pauses when twice this lies unread, so this bounds memory per connection
HEADER_BYTES: Final = 16 * 1024  # of one header line; IAM tokens come in headers and are kilobytes long
HEADER_LINES: Final = 128
WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})  # these two are sent again on a stale connection


class _PlainRequest(aiohttp.ClientRequest):
    """Without aiohttp's own `Accept` and `Accept-Encoding`; cheaper than `skip_auto_headers`."""

    DEFAULT_HEADERS: ClassVar[dict[istr, str]] = {}  # type: ignore[misc]  # declared without ClassVar there


class Http:
    """Sends requests; an async context manager around one connection pool, for one address policy.

    `tls` is the client context (default: the system's roots, TLS 1.2 or later), `resolver` replaces the system's
    look-up, and `clock` gives `Reply.received_at`.

    A keep-alive connection may have been closed by the other side just before it is used again. aiohttp (3.14) would
    then send any idempotent request a second time, and does so on fresh connections too. Here only a GET or HEAD is,
    once, and only when it went out on a reused connection and nothing of an answer came. A POST may have arrived, so
    it is `Broken`, and whoever sent it decides.
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
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            keepalive_timeout=IDLE_SECONDS,
            ssl=self._tls,
            resolver=self._resolver,
            socket_factory=socket_factory(self._policy),
        )
        # aiohttp has no public way to choose the protocol class.
        connector._factory = partial(HeadKeeper, loop=connector._loop)  # type: ignore[assignment]  # a subclass of it
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            request_class=_PlainRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            read_bufsize=BUFFER_BYTES,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADER_LINES,
            middlewares=(_resend_when_stale,),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """Send `request` and read at most `limit` bytes of the answer's body, all within `timeout` seconds.

        A body that is longer, breaks off or is not there in time makes `truncated` true, and its connection is closed.
        An answer that came as far as its status is a Reply; before that it is Broken (also when the head is malformed or
        incomplete at the deadline). Nothing but cancellation and misuse raises.
        """
        if self._session is None:
            raise RuntimeError("Http.send outside of `async with Http(...)`")
        if timeout <= 0:
            return Broken(how="timeout", detail="no time left to send")
        attempt = Attempt()
        ATTEMPT.set(attempt)
        try:
            response = await self._session.request(
                request.method,
                _target(request.url),
                headers=request.headers,
                data=request.body or None,
                skip_auto_headers=_left_out(request),
                allow_redirects=False,
                timeout=_deadline(timeout),
            )
        except (aiohttp.ClientError, NotAnswered, OSError, ValueError) as exc:
            head = head_of(exc)
            return broken(exc, attempt) if head is None else self._reply(*head, b"", truncated=True)
        body, truncated = _at_once(response.content, limit) or await _prefix(response, limit)
        return self._reply(response.status, response.headers, body, truncated=truncated)

    def _reply(self, status: int, headers: MultiMapping[str], body: bytes, *, truncated: bool) -> Reply:
        return Reply(
            status=status, headers=_lowered(headers), body=body, received_at=self._clock(), truncated=truncated
        )


async def _resend_when_stale(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        if ATTEMPT.get().opened or request.method not in WITHOUT_BODY or _partly_answered(exc):
            raise NotAnswered from exc
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        if isinstance(exc, aiohttp.ClientConnectorError):
            raise
        raise NotAnswered from exc


def _partly_answered(exc: Exception) -> bool:
    """aiohttp puts the half-read head of an answer where otherwise a text stands."""
    return isinstance(exc, aiohttp.ServerDisconnectedError) and not isinstance(exc.message, str)


def _at_once(content: aiohttp.StreamReader, limit: int) -> tuple[bytes, bool] | None:
    """The body when it came whole together with the head, as most do: no waiting, no list; else None."""
    if not content.is_eof() or content.total_bytes > limit:
        return None
    try:
        return content.read_nowait(), False
    except TimeoutError:
        return None


async def _prefix(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """At most `limit` bytes of the body, and whether it is cut. One byte more is asked for, to see if there is more."""
    content = response.content
    chunks: list[bytes] = []
    room = limit + 1
    try:
        while room and not content.at_eof():
            chunks.append(await content.read(room))
            room -= len(chunks[-1])
    except (aiohttp.ClientError, OSError, RuntimeError):  # RuntimeError: aiohttp's "Connection closed."
        response.close()
        return b"".join(chunks)[:limit], True
    except BaseException:
        response.close()
        raise
    if not response.closed:  # longer than wanted, or 101 with a connection that is no longer HTTP
        response.close()
    return b"".join(chunks)[:limit], not room


def _target(url: str) -> URL:
    """`url` as it is to be sent; ValueError for what would break the request line or is not HTTP."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("not an HTTP URL")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("not percent-encoded")
    return URL(url, encoded=True)


def _left_out(request: Request) -> tuple[str, ...] | None:
    """aiohttp would call a body of undeclared type `application/octet-stream`. Not asked when needless: it costs."""
    if request.method in WITHOUT_BODY or any(name.lower() == "content-type" for name in request.headers):
        return None
    return ("Content-Type",)


@lru_cache(maxsize=64)
def _deadline(timeout: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=timeout, ceil_threshold=math.inf
    )  # aiohttp would round 5 s and more up to a full second


def _lowered(headers: MultiMapping[str]) -> Mapping[str, str]:
    """Lower-case names; values of one name joined as RFC 9110, section 5.3, says; bytes that are no text replaced."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if len(lowered) != len(headers):
        lowered = {name: ", ".join(headers.getall(name)) for name in lowered}
    if not "".join(lowered.values()).isascii():
        return {
            name: value.encode(errors="surrogateescape").decode(errors="replace") for name, value in lowered.items()
        }
    return lowered


def _default_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
