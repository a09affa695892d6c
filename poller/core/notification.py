"""What one attempt tells a receiver."""

from dataclasses import dataclass

from poller.core.bundling import bundle_id
from poller.core.event import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One event, or several that are told together, the earliest first.

    `id` is the event's, or that of the bundle: the same on every attempt, as are the events. `recipient` is a mail address, empty
    for a notifier that has one receiver.
    """

    id: str
    events: tuple[Event, ...]
    recipient: str = ""


def notification_of(*events: Event, recipient: str = "") -> Notification:
    """These events, the earliest first, as one notification."""
    return Notification(id=bundle_id([event.id for event in events]), events=events, recipient=recipient)
