import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.config import parse_duration, parse_rate, parse_size, write_duration, write_rate, write_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("200ms", 0.2),
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("7d", 604800),
        ("1d2h3m4s5ms", 93784.005),
        ("90m", 5400),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5 s",
        " 5s",
        "5s ",
        "5s\n",
        "-5s",
        "1.5h",
        "30m1h",
        "1h1h",
        "5S",
        "5min",
        "1w",
        "s",
        "٣s",
        "1e3s",
        "9999999999s",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='"1h30m"'):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "per_second"), [("5/s", 5), ("100/min", 100 / 60), ("20/h", 20 / 3600), ("0.5/s", 0.5)]
)
def test_a_rate_is_read_per_second(text: str, per_second: float) -> None:
    assert parse_rate(text) == per_second


@pytest.mark.parametrize("text", ["", "5", "5/", "/s", "5/m", "5 /s", "-1/s", "5/d", "inf/s", "1e3/s", "5/s\n"])
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='"100/min"'):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "count"), [("0B", 0), ("512B", 512), ("64KiB", 65536), ("3MiB", 3 * 2**20), ("1GiB", 2**30)]
)
def test_a_size_is_read_in_bytes(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "64", "64KB", "64kib", "-1B", "1.5MiB", "64 KiB"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='"64KiB"'):
        parse_size(text)


@given(st.integers(0, 10**14))
def test_a_duration_comes_back_from_its_text_to_the_millisecond(milliseconds: int) -> None:
    assert parse_duration(write_duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.integers(1, 999_999_999), st.integers(0, 999), st.sampled_from(["s", "min", "h"]))
def test_a_rate_comes_back_from_its_text(count: int, thousandths: int, unit: str) -> None:
    per_second = parse_rate(f"{count % 1_000_000}.{thousandths:03}/{unit}")

    assert parse_rate(write_rate(per_second)) == per_second


@given(st.integers(0, 2**29))
def test_a_size_comes_back_from_its_text(count: int) -> None:
    assert parse_size(write_size(count)) == count


def test_what_is_written_is_what_an_operator_would_write() -> None:
    assert [write_duration(seconds) for seconds in (0, 0.2, 30, 5400, 86400)] == ["0s", "200ms", "30s", "1h30m", "1d"]
    assert [write_rate(parse_rate(text)) for text in ("5/s", "100/min", "0.5/s", "7/h")] == [
        "5/s",
        "100/min",
        "0.5/s",
        "7/h",
    ]
    assert [write_size(count) for count in (0, 1000, 65536, 2**30)] == ["0B", "1000B", "64KiB", "1GiB"]
