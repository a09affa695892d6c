"""`poller notify`: trying a notifier."""

from typing import Annotated, Any, Final

import anyio
import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import given_duration
from poller.cli.noun import noun_of
from poller.cli.screen import say
from poller.cli.setting import ConfigFile, Setting, read_setting
from poller.errors import NotFound, PollerError, UsageError

GLANCE: Final = 0.1  # seconds between two looks at the delivery

noun = noun_of("Notifiers.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="notify")


@noun.command(
    "test", epilog=examples("poller notify test backend", "poller notify test backend --wait 5s || echo unreachable")
)
def attempt(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The notifier's name.", show_default=False)],
    wait: Annotated[str, typer.Option(metavar="DURATION", help="How long to wait for the first attempt.")] = "30s",
    config: ConfigFile = None,
) -> None:
    """Send a `test` event to a notifier and report what became of the first attempt."""
    deliveries = run(_test, read_setting(config), name, given_duration(wait, "--wait"))
    if not deliveries:
        raise PollerError(
            f"{name}: not tried within {wait}; it may be busy or disabled, `poller deliveries list` shows more"
        )
    failed = [one for one in deliveries if one["state"] != "delivered"]
    if failed:
        raise PollerError("\n".join(f"{_whom(one)}: the test was not delivered: {one['last_error']}" for one in failed))
    for one in deliveries:
        say(f"{_whom(one)}: delivered")


def _whom(delivery: dict[str, Any]) -> str:
    recipient = delivery.get("recipient")
    return f"{delivery['notifier']} {recipient}" if recipient else str(delivery["notifier"])


def _was_tried(delivery: dict[str, Any]) -> bool:
    """A notifier that cannot work leaves a reason, and counts no attempt."""
    return bool(delivery["attempts"] or delivery["last_error"] or delivery["state"] != "pending")


async def _test(setting: Setting, name: str, wait: float) -> list[dict[str, Any]]:
    """The deliveries, one for each recipient, after their first attempts; none when not all were tried in time."""
    from poller.cli.control import control

    async with control(setting.socket) as daemon:
        try:
            event_id = (await daemon.post("notifiers", name, "test"))["event_id"]
        except NotFound as error:
            raise UsageError(str(error)) from None
        with anyio.move_on_after(wait):
            while True:
                items: list[dict[str, Any]] = (await daemon.get("deliveries", event_id=event_id))["items"]
                if items and all(_was_tried(item) for item in items):
                    return items
                await anyio.sleep(GLANCE)
    return []
