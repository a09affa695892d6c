from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.retry_after import http_date, retry_after

NOW = 784_111_717.0  # Sun, 06 Nov 1994 08:48:37 GMT


@pytest.mark.parametrize(
    "text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_the_three_forms_of_an_http_date_are_read(text: str) -> None:
    assert http_date(text) == NOW + 60
    assert retry_after({"retry-after": text}, now=NOW) == 60


def test_seconds_count_from_the_answer() -> None:
    assert retry_after({"retry-after": " 120 "}, now=NOW) == 120
    assert retry_after({"retry-after": "0"}, now=NOW) == 0
    assert retry_after({"retry-after": "1.5"}, now=NOW) == 1.5


def test_a_date_that_has_passed_asks_for_nothing() -> None:
    assert retry_after({"retry-after": formatdate(NOW - 60, usegmt=True)}, now=NOW) == 0


def test_silence_asks_for_nothing() -> None:
    assert retry_after({}, now=NOW) is None


@given(skew=st.integers(-100_000, 100_000), wanted=st.integers(1, 86_400))
def test_a_wrong_clock_on_either_side_never_shortens_the_wait(skew: int, wanted: int) -> None:
    theirs = NOW + skew
    headers = {"retry-after": formatdate(theirs + wanted, usegmt=True), "date": formatdate(theirs, usegmt=True)}
    asked = retry_after(headers, now=NOW)
    assert asked is not None
    assert asked >= max(wanted, wanted + skew)


@given(st.text(max_size=80))
def test_nonsense_is_silence_or_a_number_and_never_an_error(text: str) -> None:
    asked = retry_after({"retry-after": text, "date": text}, now=NOW)
    assert asked is None or asked >= 0
