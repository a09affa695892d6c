"""Quiet hours end when the wall clock says so, whatever the clocks were changed to in between."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.quiet import DAYS, Day, Quiet, quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Quiet(start=22 * 60, end=7 * 60, timezone=BERLIN)


def berlin(text: str, *, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-26T21:59:59", None),
        ("2026-11-26T22:00:00", "2026-11-27T07:00:00"),
        ("2026-11-27T00:30:00", "2026-11-27T07:00:00"),
        ("2026-11-27T06:59:59", "2026-11-27T07:00:00"),
        ("2026-11-27T07:00:00", None),
        ("2026-03-28T23:00:00", "2026-03-29T07:00:00"),  # the night that has no 02:30
        ("2026-10-24T23:00:00", "2026-10-25T07:00:00"),  # the night that has 02:30 twice
    ],
)
def test_a_night_begins_on_one_day_and_ends_on_the_next(now: str, until: str | None) -> None:
    assert quiet_until(NIGHT, berlin(now)) == (None if until is None else berlin(until))


def test_the_day_that_counts_is_the_one_on_which_it_begins() -> None:
    friday = Quiet(start=22 * 60, end=7 * 60, timezone=BERLIN, days=("fri",))
    assert quiet_until(friday, berlin("2026-11-28T03:00:00")) == berlin("2026-11-28T07:00:00")  # Saturday morning
    assert quiet_until(friday, berlin("2026-11-27T03:00:00")) is None  # Friday morning belongs to Thursday's night


def test_quiet_times_that_touch_are_one() -> None:
    weekend = Quiet(start=0, end=24 * 60, timezone=BERLIN, days=("sat", "sun"))
    assert quiet_until(weekend, berlin("2026-11-28T10:00:00")) == berlin("2026-11-30T00:00:00")
    assert quiet_until(weekend, berlin("2026-11-30T00:00:00")) is None


def test_an_end_that_the_clocks_skip_is_the_instant_of_the_change() -> None:
    short = Quiet(start=60, end=150, timezone=BERLIN)  # 01:00 to 02:30, which the 29th of March has not
    assert quiet_until(short, berlin("2026-03-29T01:30:00")) == berlin("2026-03-29T03:30:00")


@given(
    at=st.floats(1.7e9, 2.0e9),
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
    days=st.sets(st.sampled_from(DAYS), min_size=1, max_size=6),
)
def test_the_end_is_to_come_within_a_week_and_is_not_quiet_itself(
    at: float, start: int, end: int, days: set[Day]
) -> None:
    quiet = Quiet(start=start, end=end, timezone=BERLIN, days=tuple(sorted(days)))
    until = quiet_until(quiet, at)
    if until is not None and start != end:
        assert at < until <= at + 8 * 86400
        assert quiet_until(quiet, until) is None
