"""A notification in words, for people: a title of one line and a text of a few. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.notification import Notification

LONGEST_LINE: Final = 300  # characters
MOST_LINES: Final = 20  # of events that are told together; more are counted


def title(notification: Notification) -> str:
    """What happened, in one line."""
    events = notification.events
    return _line(_summary(events[0])) if len(events) == 1 else f"{len(events)} events"


def text(notification: Notification, *, titled: bool = True) -> str:
    """What is worth knowing of one event, or a line for each of several; after the title, unless it is told elsewhere."""
    events, head = notification.events, [title(notification)] if titled else []
    if len(events) == 1:
        return "\n".join((*head, *_details(events[0])))
    left = len(events) - MOST_LINES
    lines = [_line(_summary(event)) for event in events[:MOST_LINES]]
    return "\n".join((*head, *lines, *([f"… and {left} more"] if left > 0 else [])))


def _summary(event: Event) -> str:
    return str(event.data.get("summary"))


def _details(event: Event) -> Iterator[str]:
    job, entry = event.data.get("job"), event.data.get("operation") or event.data.get("comment")
    if isinstance(job, Mapping):
        yield _line(f"state: {job.get('state') or 'unknown'} ({job.get('class')})")
    if isinstance(entry, Mapping):
        yield from _said(entry)
    yield _line(f"poller, {event.source or event.subject}, {event.time}")


def _said(entry: Mapping[str, Json]) -> Iterator[str]:
    for field in ("error_code", "log_description", "comment_title", "comment_message"):
        if entry.get(field):
            yield _line(f"{field.replace('_', ' ')}: {entry[field]}")


def _line(words: str) -> str:
    """One line, bounded: the parts are the upstream's and its users' words."""
    cut = words if len(words) <= LONGEST_LINE else words[: LONGEST_LINE - 1] + "…"
    return " ".join("".join(char if char.isprintable() else " " for char in cut).split())
