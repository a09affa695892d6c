"""What waits for the end of quiet hours, when the routes have changed: until when it waits by those of now."""

from collections.abc import Collection, Sequence
from typing import Final

from poller.core.addressing import addressed
from poller.core.event import Event, EventType
from poller.core.route import Route

# Told in the name of one route, which the event does not tell: they wait as they did.
_OF_ONE_ROUTE: Final[frozenset[EventType]] = frozenset(
    {"poller.job.reminder", "poller.job.escalated", "poller.job.acknowledged"}
)


def waits_until(
    event: Event, notifier: str, before: float, routes: Sequence[Route], notifiers: Collection[str]
) -> float | None:
    """Until when (seconds) an event waits that was to wait until `before`: never longer than that; None when it waits no more."""
    if all(route.quiet is None for route in routes):
        return None
    told = addressed(event, routes, notifiers)
    if event.type in _OF_ONE_ROUTE or notifier not in told.notifiers:
        return before
    until = told.not_before.get(notifier)
    return None if until is None else min(until, before)
