"""Which routes tend which jobs: what a poll's events open, and what its change of state closes (`core.tending`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.message import event_id
from poller.core.route import Route, matches
from poller.core.tending import Tending, TendingPlan, is_needed
from poller.core.work import Tended

# What makes no other route of it: whom it tells and when may be changed while jobs are tended.
_CHANGING: Final = frozenset({"notify", "quiet", "tending"})


def tended_routes(routes: Sequence[Route]) -> dict[str, Route]:
    """The routes that tend, by a lasting name: a function of what they match, so that it is the same after a reload."""
    named: dict[str, Route] = {}
    for route in routes:
        if route.tending is not None:
            name = _name(route)
            same = sum(known.partition("-")[0] == name for known in named)
            named[f"{name}-{same + 1}" if same else name] = route
    return named


def plan_of(route: Route) -> TendingPlan:
    """How a route tends; one that does not, tends never."""
    return route.tending or TendingPlan()


def care(
    tended: Mapping[str, Route],
    events: Sequence[Event],
    state: str | None,
    state_class: str,
    *,
    moved: bool,
    now: float,
) -> tuple[Tended, ...]:
    """What follows from the events of one poll of a job that is in `state` now; `moved` is whether it was in another before."""
    return tuple(_each(tended, events, state, state_class, moved, now)) if tended and (events or moved) else ()


def _each(
    tended: Mapping[str, Route], events: Sequence[Event], state: str | None, state_class: str, moved: bool, now: float
) -> Iterator[Tended]:
    for name, route in tended.items():
        if not is_needed(plan_of(route), state, state_class):
            if moved:
                yield Tended(route=name, tending=None, at=now)
        elif any(matches(event, route) for event in events):
            yield Tended(route=name, tending=Tending(opened_at=now, told_at=now), at=now, new=True)


def _name(route: Route) -> str:
    criteria: list[tuple[str, Json]] = [
        (field.name, _plain(getattr(route, field.name))) for field in fields(route) if field.name not in _CHANGING
    ]
    return event_id("route", *(f"{name}={value}" for name, value in criteria))


def _plain(value: object) -> str:
    return repr(sorted(value.items()) if isinstance(value, Mapping) else value)
