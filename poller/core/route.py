"""(event, routes) -> the notifiers that are to be told (INTERFACE.md section 2, `[[routes]]`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import cast

from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.quiet import Quiet
from poller.core.tending import TendingPlan

FAMILY_PREFIXES = ("state", "operation", "comment", "job", "batch", "source", "notifier")


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One rule; an empty criterion matches all, and an event without what a criterion asks about does not match it.

    `on`, `batch_names`, `tags` and `names` are globs. In `on`, ``family:GLOB`` narrows to a family and ``!GLOB`` excludes; only
    exclusions mean everything but those. `quiet` puts off what this route tells; `tending` goes on telling until someone acts.
    """

    notify: tuple[str, ...]
    on: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    batch_names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    quiet: Quiet | None = None
    tending: TendingPlan | None = None


def recipients(event: Event, routes: Sequence[Route], notifiers: Collection[str]) -> tuple[str, ...]:
    """The notifiers to tell, each once, in the order in which the configuration names them.

    Without any route every event goes to every notifier. An event about a notifier is never told through that one.
    """
    wanted = notifiers if not routes else {name for route in routes if matches(event, route) for name in route.notify}
    itself = event.subject if event.family == "notifier" else None
    return tuple([name for name in notifiers if name in wanted and name != itself])


def matches(event: Event, route: Route) -> bool:
    """Whether every criterion of `route` holds for `event`."""
    job = cast("Mapping[str, Json]", event.data.get("job") or {})
    return (
        _on(event, route.on)
        and (not route.sources or event.source in route.sources)
        and _any_glob(route.batch_names, [_batch_name(event, job)])
        and _any_glob(route.tags, _listed(job.get("tags")))
        and _any_glob(route.names, [job.get("name")])
        and _labelled(job.get("labels"), route.labels)
        and (not route.classes or job.get("class") in route.classes)
        and (not route.operators or _operator(event) in route.operators)
    )


def _on(event: Event, patterns: Sequence[str]) -> bool:
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    if is_named(event, unwanted):
        return False
    return not wanted or is_named(event, wanted)


def is_named(event: Event, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns ``[family:]GLOB`` names the event."""
    return any(_names(event, pattern) for pattern in patterns)


def _batch_name(event: Event, job: Mapping[str, Json]) -> Json:
    return event.subject if event.family == "batch" else job.get("batch_name")


def _names(event: Event, pattern: str) -> bool:
    prefix, colon, glob = pattern.partition(":")
    if colon and prefix in FAMILY_PREFIXES:
        return event.family == prefix and fnmatchcase(event.transition, glob)
    return fnmatchcase(event.transition, pattern)


def _any_glob(globs: Sequence[str], values: Sequence[Json]) -> bool:
    if not globs:
        return True
    return any(isinstance(value, str) and fnmatchcase(value, glob) for value in values for glob in globs)


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, (list, tuple)) else ()


def _labelled(labels: Json, wanted: Mapping[str, str]) -> bool:
    have = labels if isinstance(labels, Mapping) else {}
    return all(have.get(key) == value for key, value in wanted.items())


def _operator(event: Event) -> Json:
    operation = event.data.get("operation")
    return operation.get("operate_user") if isinstance(operation, Mapping) else None
