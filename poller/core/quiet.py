"""Quiet hours: until when an event of now has to wait. Daylight saving is the time zone's business, which comes in as a value."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal, TypeAlias, get_args

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
END_OF_DAY: Final = 24 * 60  # minutes: `to = "24:00"`
STRETCHES: Final = 8  # quiet times that may follow each other without a pause: more than a week has days


@dataclass(frozen=True, kw_only=True, slots=True)
class Quiet:
    """Every week on `days`, from the minute of the day `start` to `end`, on the wall clocks of `timezone`.

    `end` not after `start` is on the day after; the day that counts is the one on which the quiet time begins. Events that one of the
    patterns `loud` names do not wait.
    """

    start: int
    end: int
    timezone: tzinfo
    days: tuple[Day, ...] = DAYS
    loud: tuple[str, ...] = ()


def quiet_until(quiet: Quiet, at: float) -> float | None:
    """When the quiet time in which the instant `at` (seconds) lies is over; None outside of one.

    Quiet times that touch are one. Times that a clock change skips or repeats count once: the first time that the clock shows them,
    or the instant of the change.
    """
    until = None
    for _ in range(STRETCHES):
        over = _over(quiet, at if until is None else until)
        if over is None:
            break
        until = over
    return until


def _over(quiet: Quiet, at: float) -> float | None:
    today = datetime.fromtimestamp(at, UTC).astimezone(quiet.timezone).date()
    for begins in (today - timedelta(days=1), today):
        if DAYS[begins.weekday()] not in quiet.days:
            continue
        ends = begins + timedelta(days=1) if quiet.end <= quiet.start else begins
        over = _instant(ends, quiet.end, quiet.timezone)
        if _instant(begins, quiet.start, quiet.timezone) <= at < over:
            return over
    return None


def _instant(day: date, minute: int, timezone: tzinfo) -> float:
    """When the wall clock shows this minute of this day; the 24th hour is midnight of the next."""
    days, rest = divmod(minute, END_OF_DAY)
    on = day + timedelta(days=days)
    return datetime(on.year, on.month, on.day, rest // 60, rest % 60, tzinfo=timezone).timestamp()
