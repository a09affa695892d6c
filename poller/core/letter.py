"""Handing a mail to a mail server as plain values: what is to be sent, and what came of it."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from poller.core.exchange import Broken
from poller.core.secret import Secret

# tls: from the first byte; starttls: before anything is said, or nothing is; none: in the clear.
Security: TypeAlias = Literal["tls", "starttls", "none"]
# How far it had come when the server refused; in the order of RFC 5321.
Step: TypeAlias = Literal["greeting", "hello", "starttls", "login", "sender", "recipient", "content"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServer:
    """A mail server; without a `username` nobody logs in. `greeting` is what we call ourselves."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: Secret | None = None
    greeting: str = "localhost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One mail to one recipient: the envelope, and the message with its headers (RFC 5322, lines end in CR LF)."""

    sender: str
    recipient: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The server has the letter, or, when none was sent, would take one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The server answered no. `enhanced` is the code of RFC 3463 (``5.1.1``), empty where it gave none; its words are not kept."""

    step: Step
    code: int
    enhanced: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Insecure:
    """There is no secure connection with this server, or no way to log in: nothing was sent. `detail` is safe to show."""

    detail: str


Posted: TypeAlias = Accepted | Refused | Insecure | Broken
