"""`poller route`: which notifiers an event reaches."""

import time
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import given_labels
from poller.cli.noun import noun_of
from poller.cli.screen import AsJson, print_json, print_pairs, say
from poller.cli.setting import ConfigFile, read_config, read_setting
from poller.core.timestamps import rfc3339
from poller.errors import NotFound, UsageError

if TYPE_CHECKING:
    from poller.core.event import Event
    from poller.core.route import Route
    from poller.core.silence import Silence
    from poller.core.work import Told

NO_CRITERIA: Final = frozenset({"notify", "quiet", "tending"})

noun = noun_of("Routes: which events go where.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="route")


@noun.command(
    "test",
    epilog=examples(
        "poller route test --transition SYSTEM_VERIFY_SUCCESS --operator SYSTEM",
        "poller route test --transition TRAINING_FAILED --type state_changed --label team=avatars",
        "poller route test --event 6e0fdb6e70d16fd3a9a2d1bdd9f5a7c4",
    ),
)
def reaches(
    *,
    transition: Annotated[str | None, typer.Option(metavar="NAME", help="The transition's name.")] = None,
    event_type: Annotated[
        str | None,
        typer.Option(
            "--type", metavar="TYPE", help="state_changed, operation_logged, …; guessed from the name if absent."
        ),
    ] = None,
    event: Annotated[str | None, typer.Option(metavar="ID", help="Take this event of the database.")] = None,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="The source.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The job's name.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="The job's batch name.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="A tag of the job; may be repeated.")] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="K=V", help="A label; may be repeated.")] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="The job's state.")] = None,
    state_class: Annotated[
        str | None, typer.Option("--class", metavar="CLASS", help="Its class; else that of the state.")
    ] = None,
    operator: Annotated[str | None, typer.Option(metavar="WHO", help="USER, ADMIN or SYSTEM.")] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Say which notifiers an event would reach, through which routes, and why not through the others. Sends nothing.

    Says as well what quiet hours, silences and reminders make of it now.
    """
    if (transition is None) == (event is None):
        raise UsageError("expected exactly one of --transition and --event")
    from poller.cli.imagining import imagined

    if event is not None:
        chosen = run(_stored, config, event)
    else:
        job = {
            "name": name,
            "batch_name": batch,
            "tags": tag or [],
            "labels": given_labels(label or ()),
            "state": state,
            "class": state_class,
        }
        chosen = imagined(transition or "", kind=event_type, source=source or "", job=job, operator=operator)
    _report(chosen, config, as_json)


async def _stored(config: Any, event_id: str) -> "Event":
    from poller.cli.reading import reading
    from poller.core.listing import EventFilter

    async with reading(read_setting(config)) as archive:
        rows = await archive.events(EventFilter(id=event_id), limit=1)
    if not rows:
        raise NotFound(f"there is no event {event_id}; `poller events` shows those there are")
    return rows[0].event


def _report(event: "Event", config: Any, as_json: bool) -> None:
    from poller.cli.consequences import silence_of
    from poller.core.addressing import addressed
    from poller.daemon.assembly import routes_of

    loaded = read_config(config)
    routes = routes_of(loaded)
    event = event._replace(observed_at=time.time())  # as if it came now
    told = addressed(event, routes, list(loaded.notifiers))
    silence = run(silence_of, read_setting(config), event, event.observed_at)
    recipients = {name: [to for to in loaded.notifiers[name].recipients if to] for name in told.notifiers}
    verdicts = [_verdict(place, event, route) for place, route in enumerate(routes)]
    if as_json:
        print_json(_document(event, told, silence, verdicts) | {"recipients": _some(recipients)})
        return
    named = [f"{name} ({', '.join(to)})" if to else name for name, to in recipients.items()]
    reached = ", ".join(named) if silence is None else f"nobody, {silence.reason}"
    print_pairs([("event", f"{event.type} {event.transition}"), ("reaches", reached or "nobody")])
    if not routes:
        say("there are no routes: every event goes to every notifier")
    for verdict, route in zip(verdicts, routes, strict=True):
        say(_worded(verdict, event, route))


def _document(
    event: "Event", told: "Told", silence: "Silence | None", verdicts: list[dict[str, Any]]
) -> dict[str, Any]:
    from poller.web.shown import silence_shown

    return {
        "type": event.type,
        "transition": event.transition,
        "notifiers": told.notifiers if silence is None else (),
        "not_before": {name: rfc3339(at) for name, at in told.not_before.items()},
        "silenced_by": None if silence is None else silence_shown(silence),
        "routes": verdicts,
    }


def _some(recipients: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: to for name, to in recipients.items() if to}


def _verdict(place: int, event: "Event", route: "Route") -> dict[str, Any]:
    """Whether the route matches, the criteria that stand in the way, and what follows when it does."""
    from poller.cli.consequences import consequences

    failing = [name for name in _criteria(route) if not _holds(event, name, getattr(route, name))]
    return {
        "route": place,
        "matches": not failing,
        "notify": route.notify,
        "not_met": {name: getattr(route, name) for name in failing},
        **({} if failing else consequences(event, route)),
    }


def _criteria(route: "Route") -> list[str]:
    return [field.name for field in fields(route) if field.name not in NO_CRITERIA and getattr(route, field.name)]


def _holds(event: "Event", name: str, wanted: Any) -> bool:
    """One criterion alone, by the rules of the core."""
    from poller.core.route import Route, matches

    criterion: dict[str, Any] = {name: wanted}
    return matches(event, Route(notify=(), **criterion))


def _worded(verdict: Mapping[str, Any], event: "Event", route: "Route") -> str:
    from poller.cli.consequences import worded

    head = f"routes[{verdict['route']}] -> {', '.join(verdict['notify'])}: "
    if verdict["matches"]:
        return head + "matches" + worded(event, route)
    return (
        head
        + "no: "
        + "; ".join(f"{name} = {_listed(wanted)} is not met" for name, wanted in verdict["not_met"].items())
    )


def _listed(wanted: Any) -> str:
    if isinstance(wanted, Mapping):
        return ", ".join(f"{name}={value}" for name, value in wanted.items())
    return ", ".join(wanted)
