from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.timestamps import parse_rfc3339, rfc3339

SECONDS = st.floats(0, 4e9)


def test_an_instant_is_written_in_utc_with_milliseconds() -> None:
    assert rfc3339(1_702_107_110.12) == "2023-12-09T07:31:50.120Z"
    assert rfc3339(0.9996) == "1970-01-01T00:00:01.000Z"


@given(SECONDS)
def test_what_is_written_is_read_back_to_the_millisecond(at: float) -> None:
    read = parse_rfc3339(rfc3339(at))
    assert read is not None
    assert abs(read - at) <= 0.000501


@given(one=SECONDS, other=SECONDS)
def test_texts_sort_like_the_instants(one: float, other: float) -> None:
    assert (rfc3339(one) <= rfc3339(other)) or one > other


@pytest.mark.parametrize(
    "text",
    [
        "2023-12-09T07:31:43Z",
        "2023-12-09t07:31:43z",
        "2023-12-09T07:31:43.000000000Z",
        "2023-12-09T15:31:43+08:00",
        "2023-12-09T07:31:43-00:00",
    ],
)
def test_every_spelling_of_an_instant_is_read(text: str) -> None:
    assert parse_rfc3339(text) == datetime(2023, 12, 9, 7, 31, 43, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        None, "", "now", "2023-12-09", "2023-12-09T07:31:43", "2023-12-09 07:31:43Z", "2023-02-31T00:00:00Z",
        "2023-W49-6T07:31:43Z", "2023-12-09T07:31:43Z\n", "2023-12-09T07:31Z", "0000-01-01T00:00:00Z",
        "2023-12-09T07:31:43+99:00", "\u0662023-12-09T07:31:43Z", "1702107103", "2023-12-09T25:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_none(text: str | None) -> None:
    assert parse_rfc3339(text) is None


@given(st.text(max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    assert isinstance(parse_rfc3339(text), float | None)
