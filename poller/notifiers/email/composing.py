"""From a notification to the mail that tells it. Pure: the same notification makes the same bytes on every attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

from poller.core.event import Event
from poller.core.letter import Letter
from poller.core.message import event_id
from poller.core.notification import Notification
from poller.notifiers.email.digest import digest
from poller.notifiers.email.wording import story

SUBJECT_LIMIT: Final = 200  # characters
ID_DIGITS: Final = 24  # hexadecimal, of a Message-ID: 96 bits
DOMAIN_LIMIT: Final = 40  # characters of a Message-ID's right side: with the digits below 70, which no server cuts
LINES: Final = SMTP.clone(cte_type="7bit")  # CR LF, and nothing that a server could refuse to carry

# Bars and badges by what they mean: white text on each has a contrast of 4.5 or more.
COLOURS: Final[Mapping[str, str]] = {
    "active": "#2563a8",
    "waiting_on_us": "#a15600",
    "waiting_on_vendor": "#6b4fa3",
    "failed": "#b3261e",
    "done": "#1f7a3d",
    "unknown": "#5b6470",
    "trouble": "#b3261e",
    "good": "#1f7a3d",
    "plain": "#5b6470",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Whose mails they are: the notifier's name and the address that they come from."""

    notifier: str
    address: str

    @property
    def domain(self) -> str:
        """The right side of Message-IDs."""
        own = self.address.rpartition("@")[2]
        return own if len(own) <= DOMAIN_LIMIT else "poller.invalid"


def compose(sender: Sender, notification: Notification) -> Letter:
    """The letter. A single event, or several as a digest."""
    mail = _mail(sender, notification)
    mail["From"] = Address(display_name="poller", addr_spec=sender.address)
    mail["To"] = notification.recipient
    mail["Message-ID"] = _reference(sender, "mail", sender.notifier, notification.recipient, notification.id)
    thread = _thread(sender, notification.events)
    if thread is not None:
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    mail["Date"] = format_datetime(datetime.fromtimestamp(int(notification.events[-1].observed_at), UTC))
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice answers it
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Poller-Id"] = notification.id
    mail["X-Poller-Notifier"] = sender.notifier
    return Letter(sender=sender.address, recipient=notification.recipient, content=mail.as_bytes(policy=LINES))


def _mail(sender: Sender, notification: Notification) -> EmailMessage:
    events = notification.events
    if len(events) == 1:
        one = story(events[0])
        subject = f"[{one.source}] {one.subject}: {one.transition}"
        values = {"one": one, "heading": subject, "colour": COLOURS[one.tone]}
        return _written(sender, notification, "event", subject, values)
    several = digest(events)
    sources = {event.source for event in events}
    subject = f"[{story(events[0]).source if len(sources) == 1 else 'poller'}] {several.heading}"
    if several.jobs > 1:
        subject = f"{subject} ({several.counted})"
    values = {
        "batches": several.batches,
        "counted": several.counted,
        "heading": several.heading,
        "colour": COLOURS[several.tone],
        "colours": COLOURS,
    }
    return _written(sender, notification, "digest", subject, values)


def _written(
    sender: Sender, notification: Notification, template: str, subject: str, values: Mapping[str, Any]
) -> EmailMessage:
    footer = f"poller · notifier {sender.notifier} · {notification.id}"
    mail = EmailMessage(policy=LINES)
    mail["Subject"] = subject if len(subject) <= SUBJECT_LIMIT else subject[: SUBJECT_LIMIT - 1] + "…"
    pages = _templates()
    mail.set_content(pages.get_template(f"{template}.txt").render(values, footer=footer))
    mail.add_alternative(pages.get_template(f"{template}.html").render(values, footer=footer), subtype="html")
    mail.set_boundary(f"=_{notification.id}")
    return mail


def _thread(sender: Sender, events: tuple[Event, ...]) -> str | None:
    """The root of the thread: one for each job, also for several events of one job; none for what has no job in common."""
    jobs = {(event.source, event.job_id) for event in events}
    source, job_id = next(iter(jobs))
    if len(jobs) > 1 or job_id is None:
        return None
    return _reference(sender, "job", source, job_id)


def _reference(sender: Sender, *content: str) -> str:
    """A Message-ID that is a function of `content`; shorter than 70 characters."""
    return f"<{event_id(*content)[:ID_DIGITS]}@{sender.domain}>"


@cache
def _templates() -> Environment:
    folder = files(__package__).joinpath("templates")
    names = ("event.txt", "event.html", "digest.txt", "digest.html", "frame.html")
    return Environment(
        loader=DictLoader({name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
