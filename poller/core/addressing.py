"""(event, routes) -> who is told, and who not before when: quiet hours put off what they do not except."""

from collections.abc import Collection, Mapping, Sequence

from poller.core.event import Event
from poller.core.quiet import quiet_until
from poller.core.route import Route, is_named, matches, recipients
from poller.core.work import Told


def addressed(event: Event, routes: Sequence[Route], notifiers: Collection[str]) -> Told:
    """The event with the notifiers to which it is owed. Without any route every event goes to every notifier."""
    names = recipients(event, routes, notifiers)
    urgent = any(route.quiet is not None for route in routes)
    return Told(
        event=event, notifiers=names, not_before=_postponed(event, routes, names) if urgent else {}, urgent=urgent
    )


def addressed_to(event: Event, route: Route, names: Collection[str], notifiers: Collection[str]) -> Told:
    """An event that is told to these by name, in the name of one route: its quiet hours count."""
    told = tuple(name for name in notifiers if name in names)
    until = quiet_for(event, route)
    not_before = {} if until is None else dict.fromkeys(told, until)
    return Told(event=event, notifiers=told, not_before=not_before, urgent=True)


def quiet_for(event: Event, route: Route) -> float | None:
    """Until when the quiet hours of a route put an event off; None when they do not."""
    quiet = route.quiet
    if quiet is None or is_named(event, quiet.loud):
        return None
    return quiet_until(quiet, event.observed_at)


def _postponed(event: Event, routes: Sequence[Route], names: Collection[str]) -> Mapping[str, float]:
    """By notifier, the earliest time that the routes which name it allow; a notifier that one of them tells now is left out."""
    times: dict[str, list[float | None]] = {}
    for route in routes:
        if matches(event, route):
            until = quiet_for(event, route)
            for name in route.notify:
                times.setdefault(name, []).append(until)
    waits = {name: [at for at in times.get(name, ()) if at is not None] for name in names}
    return {name: min(late) for name, late in waits.items() if late and len(late) == len(times[name])}
