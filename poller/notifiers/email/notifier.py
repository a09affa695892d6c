"""One mail for each notification and recipient."""

from dataclasses import dataclass, field

from poller.core.delivery import Outcome
from poller.core.letter import Accepted, MailServer
from poller.core.notification import Notification
from poller.notifiers.email.composing import Sender, compose
from poller.notifiers.email.judging import judge, worded
from poller.notifiers.ports import Mail


@dataclass(frozen=True, kw_only=True, slots=True)
class Email:
    """Mails by way of one server; `timeout` bounds an attempt, in seconds."""

    name: str
    server: MailServer
    sender: str
    timeout: float
    mail: Mail = field(repr=False)

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:  # noqa: ARG002 a mail is dated by its events
        """One attempt."""
        letter = compose(Sender(notifier=self.name, address=self.sender), notification)
        return judge(await self.mail.send(self.server, letter, timeout=self.timeout))

    async def reach(self) -> str | None:
        """Why the server cannot be used; None when it lets us in. Sends no mail."""
        posted = await self.mail.prove(self.server, timeout=self.timeout)
        return None if isinstance(posted, Accepted) else worded(posted)
