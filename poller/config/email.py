"""A notifier table of kind `email`."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from poller.config.fields import Text, duration
from poller.config.link import scheme_of, split
from poller.config.notifying import Notifying
from poller.config.problem import Problem, repeated
from poller.config.secrecy import SecretRule
from poller.config.table import key, optional
from poller.core.bundling import Shared, Window
from poller.core.letter import MailServer, Security
from poller.core.secret import Secret

# RFC 5321 section 4.1.2, without quoted local parts and address literals: what mail systems give out.
_ADDRESS: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_SERVER: Final = r"smtps?://[!-~]+"
_FORM: Final = "smtps://HOST[:PORT], or smtp://HOST[:PORT] for STARTTLS"
_TLS_PORT: Final = 465
_SUBMISSION_PORT: Final = 587
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def _server_url(text: str) -> None:
    """Raises ValueError unless `text` is smtps://HOST[:PORT] or smtp://HOST[:PORT]; the message does not cite it."""
    if not re.fullmatch(_SERVER, text):
        raise ValueError(f"found {scheme_of(text)}; expected {_FORM}")
    parts = split(text)
    if "@" in parts.netloc:
        raise ValueError("found a user or password before the host; put them into username and password")
    if not parts.hostname:
        raise ValueError(f"found no host; expected {_FORM}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"found something behind the host and the port; expected {_FORM}")


Server: TypeAlias = Annotated[str, Text(pattern=_SERVER, allowed=_FORM, check=_server_url, show=False)]
Address: TypeAlias = Annotated[
    str, Text(pattern=_ADDRESS, allowed="a mail address such as ops@example.com: ASCII, without a name beside it")
]


class EmailConfig(Notifying):
    """Mails, one for each event and recipient, or a digest."""

    kind: Literal["email"] = key(meaning="email: mails, or digests of what happened")
    server: Server = key(
        meaning="smtps://HOST[:PORT] (TLS), or smtp://HOST[:PORT]; the ports are 465 and 587 if left out"
    )
    starttls: Literal["required", "never"] = key(
        "required", meaning="required | never: for smtp://, whether the connection becomes TLS before anything is said"
    )
    username: Annotated[str | None, Text(pattern=r"[^\x00-\x1f\x7f]{1,200}", allowed="a user name")] = optional(
        meaning="user name at the server; left out: none is given"
    )
    password: Annotated[Secret | None, SecretRule()] = optional(meaning="password at the server")
    sender: Address = key(meaning="the address that the mails come from", alias="from")
    to: tuple[Address, ...] = key(
        meaning="the addresses that they go to: each gets mails of its own", min_length=1, max_length=50
    )
    digest: Annotated[float | None, duration("1s", "7d")] = optional(
        meaning="one mail for what happened within this time"
    )
    digest_by: Annotated[str | None, Text(pattern="batch_name", allowed="batch_name")] = optional(
        meaning="batch_name: a digest for each batch"
    )

    @property
    def address(self) -> str:
        """Where mails are handed over, as it may be shown."""
        return self.server

    @property
    def remarks(self) -> Sequence[str]:
        """What crosses the network in the clear."""
        exposed = self.mail_server.security == "none" and not _LOOPBACK.fullmatch(self.mail_server.host)
        if exposed and self.password is not None:
            return ('starttls = "never": the password and the mails cross the network in the clear',)
        return ('starttls = "never": the mails cross the network in the clear',) if exposed else ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses: each is owed every event."""
        return self.to

    @property
    def window(self) -> Window | None:
        """A digest collects what a recipient is owed."""
        if self.digest is None:
            return super().window
        shared: Shared = "recipient" if self.digest_by is None else "batch_name"
        return Window(shared=shared, seconds=self.digest)

    @property
    def mail_server(self) -> MailServer:
        """The server with its credentials."""
        parts = urlsplit(self.server)
        secure = parts.scheme == "smtps"
        security: Security = "tls" if secure else "starttls" if self.starttls == "required" else "none"
        return MailServer(
            host=parts.hostname or "",
            port=parts.port or (_TLS_PORT if secure else _SUBMISSION_PORT),
            security=security,
            username=self.username,
            password=self.password,
            greeting=self.sender.partition("@")[2],
        )

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Credentials are two; a digest is no group; nobody twice."""
        yield from super().across(raw)
        yield from repeated(raw, "to")
        for name, other in (("username", "password"), ("password", "username")):
            if name in raw and other not in raw:
                yield Problem(where=(other,), text=f"found {name} without {other}; expected both, or neither")
        if "digest" in raw and "group" in raw:
            yield Problem(where=("group",), text="found group beside digest; allowed: one of the two, remove one")
        if "digest_by" in raw and "digest" not in raw:
            text = 'found nothing, the key is missing; expected such as digest = "10m" beside digest_by'
            yield Problem(where=("digest",), text=text)
