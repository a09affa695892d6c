"""What one attempt tells a receiver."""

from dataclasses import dataclass

from poller.core.event import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One event, or several that are told together, the earliest first.

    `id` is the event's, or that of the bundle: the same on every attempt, as are the events.
    """

    id: str
    events: tuple[Event, ...]


def notification_of(event: Event) -> Notification:
    """An event that is told by itself."""
    return Notification(id=event.id, events=(event,))
