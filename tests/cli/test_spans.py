import pytest

from poller.cli.spans import rate, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.04, "0s"),
        (0.42, "0.4s"),
        (9.0, "9s"),
        (9.99, "10s"),
        (45.4, "45s"),
        (60.0, "1m"),
        (61.0, "1m 1s"),
        (3600.0, "1h"),
        (3661.0, "1h 1m"),
        (3605.0, "1h"),
        (86_400 * 3 + 7200 + 59, "3d 2h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_rate_is_told_with_as_many_digits_as_say_something() -> None:
    assert [rate(one) for one in (0.0, 0.0333, 1.0, 4.25, 368.4)] == ["0/s", "0.033/s", "1/s", "4.25/s", "368.4/s"]
