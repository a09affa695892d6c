"""What the notifiers need of the world (`net.session.Http` and `net.mail.Mail` fit by shape), and what the daemon gets of them."""

from dataclasses import dataclass
from typing import Protocol

from poller.core.delivery import Outcome
from poller.core.exchange import Exchange, Request
from poller.core.letter import Letter, MailServer, Posted
from poller.core.notification import Notification


class Http(Protocol):
    """Sends HTTP requests; what goes wrong before a status line is a value."""

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """One exchange within `timeout` seconds, reading at most `limit` bytes of the answer's body; follows no redirect."""
        ...


class Mail(Protocol):
    """Hands letters over to mail servers; what goes wrong is a value."""

    async def send(self, server: MailServer, letter: Letter, *, timeout: float) -> Posted:  # noqa: ASYNC109 the port's word
        """Hand `letter` over, all within `timeout` seconds."""
        ...

    async def prove(self, server: MailServer, *, timeout: float) -> Posted:  # noqa: ASYNC109 the port's word
        """Connect, secure, log in and leave again; sends nothing."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifierTools:
    """What a notifier is built with. `strict` connects to public addresses only; both refuse link-local ones."""

    http: Http
    strict: Http


class Notifier(Protocol):
    """One destination. Failures to deliver are outcomes; what raises is a bug."""

    @property
    def name(self) -> str:
        """The key under `[notifiers]`."""
        ...

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        """One attempt at `now` (seconds since 1970)."""
        ...

    async def reach(self) -> str | None:
        """Why the receiver cannot be reached; None when it can. Tells nothing."""
        ...
