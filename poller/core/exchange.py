"""An HTTP exchange as two plain values: what is to be sent, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

BrokenHow: TypeAlias = Literal["timeout", "connect", "refused_address", "disconnected", "too_large", "protocol"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request, complete: nothing is added on the way but `Host`, `Content-Length` and the connection's own headers.

    `url` is sent exactly as written (already percent-encoded). It may hold a secret, as may `headers`: neither is shown by `repr`.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer that came: status, headers with lower-case names, and at most the allowed prefix of the body.

    `truncated` says that the body was longer than was read, or broke off; `received_at` is the clock at the end, in seconds.
    `resent`: it was sent twice, since a connection that was kept turned out to be gone.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: float
    truncated: bool = False
    resent: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """No status line came: `how` says in which way, `detail` is safe to show (no URL, no header, no body). `resent` as in a reply."""

    how: BrokenHow
    detail: str
    resent: bool = False


Exchange: TypeAlias = Reply | Broken
