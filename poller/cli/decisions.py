"""`poller deliveries retry|discard`: what an operator decides about deliveries; through the daemon."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import Since, given_since
from poller.cli.screen import say
from poller.cli.setting import ConfigFile, Setting, read_setting
from poller.core.timestamps import rfc3339
from poller.errors import NotFound, UsageError

Decision: TypeAlias = Literal["retry", "discard"]
State: TypeAlias = Annotated[
    str | None, typer.Option(metavar="STATE", help="pending, delivered, dead or discarded.", show_default=False)
]
Notifier: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only those owed to this notifier.", show_default=False)
]
Ids: TypeAlias = Annotated[
    list[int] | None, typer.Argument(metavar="ID", help="Ids of deliveries.", min=0, show_default=False)
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

BATCH: Final = 1000  # ids of one request


def register(noun: typer.Typer) -> None:
    """Add the commands."""
    noun.command(
        epilog=examples(
            "poller deliveries retry 4711 4712",
            "poller deliveries retry --state dead --notifier backend --since 2h",
            "poller deliveries retry --state pending --notifier backend   # now, not when their time comes",
        )
    )(retry)
    noun.command(
        epilog=examples(
            "poller deliveries discard 4711", "poller deliveries discard --state dead --notifier old-backend --yes"
        )
    )(discard)


def retry(
    ids: Ids = None,
    state: State = None,
    notifier: Notifier = None,
    since: Since = None,
    yes: Yes = False,
    config: ConfigFile = None,
) -> None:
    """Try deliveries again, now, with all their retries. What was delivered is never sent again.

    A notifier that was disabled because it answered 410 is enabled again.
    """
    which = _which(ids, state, notifier, since)
    _decide("retry", "retried", read_setting(config), which, yes)


def discard(
    ids: Ids = None,
    state: State = None,
    notifier: Notifier = None,
    since: Since = None,
    yes: Yes = False,
    config: ConfigFile = None,
) -> None:
    """Give deliveries up: they are not tried any more."""
    which = _which(ids, state, notifier, since)
    _decide("discard", "discarded", read_setting(config), which, yes)


def is_interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def given_state(text: str | None) -> Any:
    """A delivery's state. Raises UsageError."""
    from poller.core.delivery import DELIVERY_STATES

    if text is not None and text not in DELIVERY_STATES:
        raise UsageError(f"--state: found {text!r}; allowed: {', '.join(DELIVERY_STATES)}")
    return text


def _which(ids: Sequence[int] | None, state: str | None, notifier: str | None, since: str | None) -> dict[str, Any]:
    """The choice as the API takes it. Raises UsageError for none, and for two at once."""
    at = given_since(since)
    filters = {"state": given_state(state), "notifier": notifier, "since": None if at is None else rfc3339(at)}
    chosen = {name: value for name, value in filters.items() if value is not None}
    if bool(ids) == bool(chosen):
        found = "both ids and filters" if ids else "nothing that says which deliveries"
        raise UsageError(f"found {found}; expected either ids, or some of --state, --notifier, --since")
    return {"ids": list(dict.fromkeys(ids))} if ids else chosen


def _decide(decision: Decision, done: str, setting: Setting, which: Mapping[str, Any], yes: bool) -> None:
    if which.get("notifier") is not None:
        _refuse_unknown(setting, decision, which["notifier"])
    if "ids" not in which and not yes and is_interactive():
        count = run(_ask, setting, decision, {**which, "dry_run": True})
        if not typer.confirm(f"{decision} {count:,} deliveries?"):
            raise typer.Exit(1)
    count = run(_ask, setting, decision, which)
    if not count and "ids" in which:
        raise NotFound(f"none of these deliveries can be {done}; `poller deliveries list` shows what became of them")
    say(f"{count:,} {done}")


def _refuse_unknown(setting: Setting, decision: Decision, notifier: str) -> None:
    """A notifier that has left the configuration may still be owed something. Raises UsageError for one that nobody knows."""
    from poller.config.problem import not_one_of

    if notifier in setting.notifiers or run(_ask, setting, decision, {"notifier": notifier, "dry_run": True}):
        return
    raise UsageError(f"--notifier: {not_one_of(notifier, setting.notifiers)}, and nothing was ever owed to it")


async def _ask(setting: Setting, decision: Decision, which: Mapping[str, Any]) -> int:
    """How many deliveries it was done to."""
    from poller.cli.control import control

    ids = which.get("ids")
    bodies = [which] if ids is None else [{"ids": ids[at : at + BATCH]} for at in range(0, len(ids), BATCH)]
    async with control(setting.socket) as daemon:
        return sum([int((await daemon.post("deliveries", decision, body=body))["count"]) for body in bodies])
