"""The head of a request, as bytes: what it says is the caller's, what HTTP needs besides is put around it. Pure."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from yarl import URL

from poller.core.exchange import Request

# What goes out is printable ASCII without a space; a fragment stays at home.
_URL: Final = re.compile(r"(https?://[!-\"$-.0->@-~]*)([!-\"$-~]*)(?:#[!-~]*)?")
_METHOD: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token, RFC 9110, section 5.6.2
_USUAL: Final = frozenset({"GET", "POST"})
_NO_BODY_EXPECTED: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # the others tell a length even when it is 0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Origin:
    """Where requests go: `url` without path; `lines` are the headers that all of them get, by lower-case name."""

    url: URL = field(repr=False)
    lines: Mapping[str, str] = field(repr=False)


def split(url: str) -> tuple[str, str]:
    """Scheme with authority, and the target as it is to be sent. Raises ValueError for what is not HTTP or not percent-encoded."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("not an HTTP URL in percent-encoding")
    origin, target = found.groups()
    return origin, target if target.startswith("/") else f"/{target}"


def origin_of(text: str, user_agent: str) -> Origin:
    """The origin that `split` found. A user and password in it become Basic authorization. Raises ValueError when it is none."""
    url = URL(text, encoded=True)
    if not url.raw_host or url.port is None:
        raise ValueError("a URL without a host")
    lines = {
        "host": f"Host: {url.host_port_subcomponent}\r\n",
        "user-agent": f"User-Agent: {user_agent}\r\n",
        "accept-encoding": "Accept-Encoding: identity\r\n",
    }
    if url.raw_user or url.raw_password:
        user_and_password = f"{url.user or ''}:{url.password or ''}".encode()
        lines["authorization"] = f"Authorization: Basic {base64.b64encode(user_and_password).decode()}\r\n"
    return Origin(url=url, lines=lines)


def head(request: Request, method: str, target: str, origin: Origin) -> bytes:
    """Request line and headers; the caller's own win. Raises ValueError for what would break the request apart."""
    if method not in _USUAL and _METHOD.fullmatch(method) is None:
        raise ValueError("not a method")
    own = "".join([f"{name}: {value}\r\n" for name, value in request.headers.items()])
    if not own.count("\r") == own.count("\n") == len(request.headers) or "\0" in own:
        raise ValueError("a header with a line break")
    names = tuple(request.headers)
    if (request.body or method not in _NO_BODY_EXPECTED) and "content-length" not in map(str.lower, names):
        own += f"Content-Length: {len(request.body)}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{_ours(origin, names)}{own}\r\n".encode()


@lru_cache(maxsize=1024)  # the requests of one source all have the same names
def _ours(origin: Origin, names: tuple[str, ...]) -> str:
    """The lines of all requests, but those that the caller gives himself."""
    given = set(map(str.lower, names))
    return "".join([line for name, line in origin.lines.items() if name not in given])
