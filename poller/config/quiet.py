"""The table `quiet` of a route: when what it tells waits."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from poller.config.fields import Text
from poller.config.on import Pattern
from poller.config.problem import Problem, found, repeated
from poller.config.table import Table, key
from poller.core.quiet import DAYS, Day, Quiet

_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
Clock: TypeAlias = Annotated[str, Text(pattern=_CLOCK, allowed="a time of day such as 07:00")]
ClockOrMidnight: TypeAlias = Annotated[
    str, Text(pattern=f"{_CLOCK}|24:00", allowed="a time of day such as 07:00, or 24:00")
]


def minutes(clock: str) -> int:
    """The minute of the day of `HH:MM`."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            "allowed: a time zone of this system, such as Europe/Berlin or UTC (they come with its package tzdata)"
        ) from None


class QuietHours(Table):
    """When what a route tells waits, every week.

    The day that counts is the one on which the quiet time begins.
    """

    days: tuple[Day, ...] = key(list(DAYS), meaning="mon, tue, wed, thu, fri, sat, sun: when it begins", min_length=1)
    begins: Clock = key(meaning="the time of day at which it begins", alias="from")
    ends: ClockOrMidnight = key(meaning="the time of day at which it ends; not after from: on the next day", alias="to")
    timezone: Annotated[
        str, Text(pattern="[A-Za-z0-9_+/-]{1,64}", allowed="a time zone such as Europe/Berlin", check=_check_zone)
    ] = key("UTC", meaning="whose clocks count")
    loud: tuple[Pattern, ...] = key([], meaning="globs as in on: what does not wait", max_length=100, alias="except")

    @property
    def hours(self) -> Quiet:
        """As the core knows them."""
        return Quiet(
            start=minutes(self.begins),
            end=minutes(self.ends),
            timezone=ZoneInfo(self.timezone),
            days=self.days,
            loud=self.loud,
        )

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Nothing twice; it begins and ends at different times, and is not all of the week."""
        yield from repeated(raw, "days")
        yield from repeated(raw, "except")
        begins, ends, days = raw.get("from"), raw.get("to"), raw.get("days", DAYS)
        if isinstance(begins, str) and begins == ends:
            yield Problem(
                where=("to",), text=f"found {found(ends)}, which is from as well; a whole day is 00:00 to 24:00"
            )
        if (begins, ends) == ("00:00", "24:00") and isinstance(days, list | tuple) and set(map(str, days)) >= set(DAYS):
            yield Problem(where=("days",), text="found every day, all day; expected a time in which something is told")
