"""What every table below [notifiers] has, whatever its kind: how often it is tried, how fast, and in which order."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import StrictBool

from poller.config.fields import Rate, Text, Whole, duration
from poller.config.table import Table, key, optional
from poller.core.bundling import Window

_WAITS: Final = ["5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"]


class Notifying(Table):
    """The part that all kinds of notifiers share."""

    timeout: Annotated[float, duration("1ms", "10m")] = key("15s", meaning="how long one attempt may take")
    retry: tuple[Annotated[float, duration("1ms", "30d")], ...] = key(
        _WAITS, meaning="waits between attempts, +-20 % jitter; then the delivery is dead", max_length=50
    )
    rate: Rate = key("20/s", meaning="attempts of this notifier")
    concurrency: Annotated[int, Whole(1, 1000)] = key(4, meaning="attempts under way at once")
    ordered: StrictBool = key(True, meaning="per job: a later event waits for an earlier one")
    group: Annotated[float | None, duration("10ms", "1d")] = optional(
        meaning="events of one job within this time are told together"
    )
    fallback: Annotated[str | None, Text(pattern=r"[^\x00]*", allowed="the name of a notifier")] = optional(
        meaning="the notifier that is owed what this one cannot deliver"
    )
    fallback_after: Annotated[int, Whole(1, 50)] = key(
        3, meaning="failed attempts of a delivery before the fallback is owed it too; also when it is dead"
    )

    @property
    def address(self) -> str:
        """Where events go, as it may be shown."""
        return str(getattr(self, "kind", "a receiver"))

    @property
    def reached(self) -> str:
        """What `poller check --online` says when nothing speaks against it."""
        return f"{self.address} answers"

    @property
    def remarks(self) -> Sequence[str]:
        """What is allowed, and yet perhaps not meant: shown by `poller check`. May look at this machine."""
        return ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """To whom each event is owed apart from the others; one empty name where a notifier has one receiver."""
        return ("",)

    @property
    def window(self) -> Window | None:
        """How events are collected to be told together; None when each is told by itself."""
        return None if self.group is None else Window(shared="job", seconds=self.group)
