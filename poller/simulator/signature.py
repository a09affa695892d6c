"""The gateway's side of `SDK-HMAC-SHA256`: recomputes a request's signature from what arrived (FACTS.md, Credentials)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

ALGORITHM: Final = "SDK-HMAC-SHA256"
DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<names>[^,\s]+), ?Signature=(?P<signature>[0-9a-f]{{64}})"
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~/-]*")  # what quoting leaves as it is
_EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """A request as it came over the wire. `target` is the raw path with its query; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What an Authorization header says."""

    access_key: str
    signed_names: tuple[str, ...]
    signature: str


def read_claim(authorization: str) -> Claim | None:
    """The header's parts; None when it is not of this algorithm or not complete."""
    found = _AUTHORIZATION.fullmatch(authorization.strip())
    if found is None:
        return None
    names = tuple(found["names"].split(";"))
    return Claim(access_key=found["access"], signed_names=names, signature=found["signature"])


def canonical_request(arrived: Arrived, signed_names: tuple[str, ...]) -> str:
    """The text whose hash is signed."""
    path, _, query = arrived.target.partition("?")
    lines = "".join(f"{name}:{arrived.headers.get(name, '').strip()}\n" for name in signed_names)
    digest = hashlib.sha256(arrived.body).hexdigest() if arrived.body else _EMPTY_HASH
    return "\n".join([arrived.method, _path(path), _query(query), lines, ";".join(signed_names), digest])


def matches(arrived: Arrived, claim: Claim, secret_key: str) -> bool:
    """The signature is the one that the holder of `secret_key` makes for this request."""
    hashed = hashlib.sha256(canonical_request(arrived, claim.signed_names).encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{arrived.headers.get('x-sdk-date', '')}\n{hashed}"
    expected = hmac.digest(secret_key.encode(), to_sign.encode(), "sha256").hex()
    return hmac.compare_digest(expected, claim.signature)


def signed_at(arrived: Arrived) -> float | None:
    """When the request says it was signed, seconds since 1970; None when the header is missing or malformed."""
    return _instant(arrived.headers.get("x-sdk-date", ""))


@lru_cache(maxsize=16)  # of one second there may be thousands
def _instant(date: str) -> float | None:
    try:
        return datetime.strptime(date, DATE_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _path(path: str) -> str:
    quoted = path if _PLAIN.fullmatch(path) else "/".join(quote(unquote(part), safe="~") for part in path.split("/"))
    return quoted if quoted.endswith("/") else f"{quoted}/"


def _query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(
        (unquote(key), unquote(value)) for key, _, value in (part.partition("=") for part in query.split("&")) if key
    )
    return "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in pairs)
