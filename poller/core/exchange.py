"""An HTTP exchange as two plain values: what is to be sent, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

BrokenHow: TypeAlias = Literal["timeout", "connect", "refused_address", "disconnected", "too_large", "protocol"]
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class Request(NamedTuple):
    """One HTTP request, complete: nothing is added on the way but `Host`, `Content-Length` and the connection's own headers.

    `url` is sent exactly as written (already percent-encoded). It may hold a secret, as may `headers` and `body`: `repr` shows none of
    them. A tuple, as a reply is: making them is a part of what a poll costs.
    """

    method: str
    url: str
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request(method={self.method!r})"


class Reply(NamedTuple):
    """An answer that came: status, headers with lower-case names, and at most the allowed prefix of the body.

    `truncated` says that the body was longer than was read, or broke off; `received_at` is the clock at the end, in seconds.
    `resent`: it was sent twice, since a connection that was kept turned out to be gone. `repr` shows neither headers nor body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: float
    truncated: bool = False
    resent: bool = False

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, received_at={self.received_at}, truncated={self.truncated}, resent={self.resent})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """No status line came: `how` says in which way, `detail` is safe to show (no URL, no header, no body). `resent` as in a reply."""

    how: BrokenHow
    detail: str
    resent: bool = False


Exchange: TypeAlias = Reply | Broken
