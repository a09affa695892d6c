"""AK/SK signatures, `SDK-HMAC-SHA256`, over a request as it will be sent (FACTS.md, Credentials). Pure.

The vendor's own signer is the oracle: the tests hold this one to it byte for byte.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from time import gmtime, strftime
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from poller.core.exchange import Request
from poller.core.secret import Secret

ALGORITHM: Final = "SDK-HMAC-SHA256"
EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
SIGNED_TYPES: Final = ("application/json", "application/bson")  # a body declared to be anything else is not signed
REPLACED: Final = frozenset({"authorization", "host", "x-project-id", "x-sdk-date", "x-security-token"})
URL_PARTS: Final = re.compile(r"(https?://)(?:[^/?#@]*@)?([^/?#]*)([^?#]*)\??([^#]*)")
QUOTED_AS_IT_IS: Final = re.compile(r"[A-Za-z0-9_.~/-]*")


def sign(
    request: Request,
    *,
    access_key: str,
    secret_key: Secret,
    security_token: Secret | None,
    project_id: str,
    now: float,
) -> Request:
    """`request` with its signature, to be sent exactly as returned; `now` is seconds since 1970.

    The query is put into canonical order and spelling, because what was signed must be what is sent (a `+` counts as a
    space); the path goes out as given. Set, or replaced, are `Host`, `X-Project-Id`, `X-Sdk-Date`, `Authorization` and,
    for temporary keys, `X-Security-Token`. Raises ValueError for a URL that is not absolute HTTP.
    """
    parts = URL_PARTS.match(request.url)
    if parts is None:
        raise ValueError("only an absolute http:// or https:// URL can be signed")
    scheme, host, path, query = parts.groups()
    path = path or "/"
    query = query and canonical_query(query)
    headers = {name: value.strip() for name, value in request.headers.items() if name.lower() not in REPLACED}
    headers |= {"Host": host, "X-Sdk-Date": _date(int(now)), "X-Project-Id": project_id}
    if security_token is not None:
        headers["X-Security-Token"] = security_token.reveal()
    if not headers.get("Content-Type", "application/json").startswith(SIGNED_TYPES):
        headers["X-Sdk-Content-Sha256"] = UNSIGNED_PAYLOAD
    names, lines = _canonical_headers(headers)
    canonical = "\n".join(
        (request.method.upper(), canonical_path(path), query, lines, names, _body_hash(request.body, headers))
    )
    signature = _signature(canonical, headers["X-Sdk-Date"], secret_key)
    headers["Authorization"] = f"{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}"
    url = f"{scheme}{host}{path}?{query}" if query else f"{scheme}{host}{path}"
    return Request(method=request.method, url=url, headers=headers, body=request.body)


def canonical_path(path: str) -> str:
    """Each segment unquoted, then quoted with only `~` kept, and a `/` at the end, which the request itself lacks."""
    if QUOTED_AS_IT_IS.fullmatch(path) is None:
        path = "/".join(quote(segment, safe="~") for segment in unquote(path).split("/"))
    return path if path.endswith("/") else f"{path}/"


@lru_cache(maxsize=256)  # a source asks for the same few pages again and again
def canonical_query(query: str) -> str:
    """The pairs of an encoded query sorted by their decoded key, then value, and encoded anew; each one gets its `=`."""
    pairs = sorted(_decoded(pair) for pair in query.split("&") if pair)
    return "&".join([f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in pairs])


def _decoded(pair: str) -> tuple[str, str]:
    key, _, value = pair.partition("=")
    return unquote_plus(key), unquote_plus(value)


def _canonical_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    """The signed names, `a;b`, and the block of `name:value` lines, each with its newline. A name with `_` is unsigned."""
    signed = sorted([(name.lower(), value) for name, value in headers.items() if "_" not in name])
    return ";".join([name for name, _ in signed]), "".join([f"{name}:{value}\n" for name, value in signed])


def _body_hash(body: bytes, headers: Mapping[str, str]) -> str:
    if not body:
        return EMPTY_HASH
    return headers.get("X-Sdk-Content-Sha256") or hashlib.sha256(body).hexdigest()


def _signature(canonical: str, date: str, secret_key: Secret) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.digest(secret_key.reveal().encode(), f"{ALGORITHM}\n{date}\n{digest}".encode(), "sha256").hex()


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return strftime("%Y%m%dT%H%M%SZ", gmtime(second))
