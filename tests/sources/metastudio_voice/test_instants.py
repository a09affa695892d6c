"""Integer times in milliseconds or seconds become RFC 3339."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.timestamps import parse_rfc3339
from poller.sources.metastudio_voice.instants import instant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_702_107_097, "2023-12-09T07:31:37Z"),
        (1_702_107_097_000, "2023-12-09T07:31:37Z"),
        (1_702_107_097_120, "2023-12-09T07:31:37.120Z"),
        ("1702107097", "2023-12-09T07:31:37Z"),
        ("2023-12-09T07:31:37Z", "2023-12-09T07:31:37Z"),
        ("yesterday", "yesterday"),
        (1, "1970-01-01T00:00:01Z"),
        (0, None),
        (-5, None),
        (None, None),
        ("", None),
        (2**63 - 1, None),
        (99_999_999_999, "5138-11-16T09:46:39Z"),
        (253_402_300_799_000, "9999-12-31T23:59:59Z"),
        (253_402_300_800_000, None),
    ],
)
def test_a_time_is_told_as_rfc_3339(value: int | str | None, text: str | None) -> None:
    assert instant(value) == text


@given(st.integers(100_000_000, 4_000_000_000))
def test_seconds_and_milliseconds_of_one_moment_are_one_text(seconds: int) -> None:
    text = instant(seconds)
    assert text == instant(seconds * 1000)
    assert parse_rfc3339(text) == seconds


@given(st.integers() | st.text())
def test_nothing_raises(value: int | str) -> None:
    assert instant(value) is None or isinstance(instant(value), str)
