"""Who may use the API over TCP. The control socket has no door: its file's permissions are one."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from poller.config import is_loopback
from poller.core.secret import Secret
from poller.web.refusals import Handler, refused

OPEN: Final = frozenset({"/healthz", "/readyz"})  # for load balancers and supervisors: they say nothing of any job
READING: Final = frozenset({"GET", "HEAD"})
_BEARER: Final = 'Bearer realm="poller"'
_BASIC: Final = 'Basic realm="poller", charset="UTF-8"'
_WANTED: Final = "expected Authorization: Bearer TOKEN with that of web.token"


@dataclass(kw_only=True, slots=True)
class Door:
    """Lets requests in that carry the token; without a token those that mean this machine and come from no page of another site.

    A browser has no way to send a bearer token by itself, so for reading the token may be the password of HTTP Basic too, whatever
    the user's name. For changes it may not: a browser would add it to whatever another site makes it send.
    """

    token: Secret | None

    def refusal(self, request: web.Request) -> web.Response | None:
        """The answer to a request that is not let in; None for one that is."""
        if request.path in OPEN and request.method in READING:
            return None
        return _stranger(request) if self.token is None else _unproven(request, self.token)


def guarding(door: Door) -> Middleware:
    """Lets in whom the door lets in."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = door.refusal(request)
        return await handler(request) if refusal is None else refusal

    return guard


def _unproven(request: web.Request, token: Secret) -> web.Response | None:
    given = _token_in(request)
    if given is not None and _same(given, token.reveal()):
        return None
    found = "no token" if given is None else "another token"
    answer = refused(HTTPStatus.UNAUTHORIZED, f"found {found}; {_WANTED}", "Authorization")
    answer.headers["WWW-Authenticate"] = f"{_BEARER}, {_BASIC}" if request.method in READING else _BEARER
    return answer


def _token_in(request: web.Request) -> str | None:
    """The token that the request carries, in one of the two ways."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic" if request.method in READING:
            return _password(rest.strip())
    return None


def _password(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return None


def _same(given: str, token: str) -> bool:
    """In a time that tells nothing about the token, not even its length."""
    return hmac.compare_digest(_digest(given), _digest(token))


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


def _stranger(request: web.Request) -> web.Response | None:
    """Without a token, what a page in a browser on this machine could be made to send is not taken for the operator's."""
    host = _host_of(f"//{request.host}")
    if not is_loopback(host):  # a name that another site made to mean 127.0.0.1
        text = (
            f"found the host {host[:100]!r}; expected localhost or a loopback address, or set web.token for other names"
        )
        return refused(HTTPStatus.FORBIDDEN, text, "Host")
    origin = request.headers.get("Origin")
    if request.method not in READING and origin is not None and urlsplit(origin).netloc != request.host:
        return refused(HTTPStatus.FORBIDDEN, "found a request that a page of another site has made", "Origin")
    return None


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
