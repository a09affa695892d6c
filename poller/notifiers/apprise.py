"""The notifier `apprise`: a message through one of Apprise's URLs, sent by a process of its own.

Apprise sends in its own ways: it blocks, its answers have no bound, and what it logs may cite its URLs. In a process each attempt
has an end, a bound on its memory and no way out for what it says; `sending.py` is that process.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from poller.core.delivery import REASON_LIMIT, Delivered, Outcome, Retry
from poller.core.notification import Notification
from poller.core.secret import Secret
from poller.notifiers.programs import Ending, Exited, NotStarted, Overdue, Program, run
from poller.notifiers.wording import text, title

# What Python and Apprise's HTTP library look at: where modules are, which proxies and which certificates.
INHERITED: Final = (
    *("PATH", "LANG", "HOME", "TMPDIR", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
# -P: a file in the working directory is no module.
ARGV: Final = (sys.executable, "-P", "-m", "poller.notifiers.sending")


@dataclass(frozen=True, kw_only=True, slots=True)
class Apprise:
    """The services of one notifier. `recipients` names each URL, as deliveries do."""

    name: str
    recipients: Mapping[str, Secret] = field(repr=False)
    timeout: float = 15.0

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:  # noqa: ARG002 the same at any time
        """One attempt at one URL, or at all for a notification without a recipient."""
        urls = [url for name, url in self.recipients.items() if notification.recipient in {"", name}]
        if not urls:
            return Retry(reason="its URL is no longer in the configuration")
        return judge(await run(_program(), given(urls, notification), timeout=self.timeout))

    async def reach(self) -> str | None:
        """Cannot be known without telling something."""
        return None


def given(urls: list[Secret], notification: Notification) -> bytes:
    """What the process reads."""
    message = {
        "urls": [url.reveal() for url in urls],
        "title": title(notification),
        "body": text(notification, titled=False),
    }
    return json.dumps(message).encode()


def judge(ending: Ending) -> Outcome:
    """What the end of the process means. Apprise says no more than yes or no."""
    match ending:
        case Exited(code=0):
            return Delivered()
        case Exited(code=75):
            return Retry(reason="Apprise: the service refused it, or was not reached")
        case Exited(code=code):
            return Retry(reason=f"Apprise ended with exit code {code}")
        case NotStarted(why=why):
            return Retry(reason=f"Apprise cannot be started: {why}"[:REASON_LIMIT])
        case Overdue():
            return Retry(reason="timeout: Apprise had not ended in time and was killed")


def _program() -> Program:
    return Program(argv=ARGV, env={name: os.environ[name] for name in INHERITED if name in os.environ})
