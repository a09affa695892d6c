"""`poller notify`: trying a notifier."""

from typing import Annotated, Any, Final

import anyio
import typer

from poller.cli.examples import examples
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
    delivery = anyio.run(_test, read_setting(config), name, given_duration(wait, "--wait"))
    if delivery is None:
        raise PollerError(
            f"{name}: not tried within {wait}; it may be busy or disabled, `poller deliveries list` shows more"
        )
    if delivery["state"] != "delivered":
        raise PollerError(f"{name}: the test was not delivered: {delivery['last_error']}")
    say(f"{name}: delivered")


async def _test(setting: Setting, name: str, wait: float) -> dict[str, Any] | None:
    """The delivery after its first attempt; None when there was none in time."""
    from poller.cli.control import control

    async with control(setting.socket) as daemon:
        try:
            event_id = (await daemon.post("notifiers", name, "test"))["event_id"]
        except NotFound as error:
            raise UsageError(str(error)) from None
        with anyio.move_on_after(wait):
            while True:
                items = (await daemon.get("deliveries", event_id=event_id))["items"]
                tried = [item for item in items if item["attempts"] or item["state"] != "pending"]
                if tried:
                    return dict(tried[0])
                await anyio.sleep(GLANCE)
    return None
