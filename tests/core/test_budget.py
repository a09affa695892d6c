"""The token bucket: no arrival pattern and no clock gets more out of it than its rate."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.budget import available, fresh_bucket, take

RATES = st.floats(0.01, 1000)
PAUSES = st.lists(st.floats(0, 20) | st.just(0.0), min_size=1, max_size=60)


def sent_at(rate: float, pauses: list[float]) -> list[float]:
    """When requests go out that arrive after these pauses and wait as they are told."""
    bucket, now, times = fresh_bucket(rate, 0.0), 0.0, []
    for pause in pauses:
        now += pause
        bucket, wait = take(bucket, now)
        assert wait >= 0
        times.append(now + wait)
    return times


@settings(max_examples=100)
@given(rate=RATES, pauses=PAUSES)
def test_no_window_holds_more_requests_than_the_capacity_and_the_rate_allow(rate: float, pauses: list[float]) -> None:
    times = sent_at(rate, pauses)
    assert times == sorted(times)
    capacity = fresh_bucket(rate, 0.0).capacity
    for start, first in enumerate(times):
        for end in range(start, len(times)):
            window = times[end] - first
            assert end - start + 1 <= capacity + rate * window + 1e-6 * (end + 1)


@given(rate=RATES)
def test_the_first_request_goes_at_once_and_the_second_one_token_later(rate: float) -> None:
    first, second = sent_at(rate, [0.0, 0.0])
    assert first == 0.0
    assert second == pytest.approx(1 / rate)


@given(rate=RATES, pause=st.floats(0, 1e9))
def test_a_long_pause_saves_up_no_more_than_the_capacity(rate: float, pause: float) -> None:
    assert available(fresh_bucket(rate, 0.0), pause) <= max(1.0, rate * 0.2)


def test_a_steady_stream_within_the_rate_never_waits() -> None:
    assert sent_at(4.0, [0.25] * 50) == [0.25 * number for number in range(1, 51)]


@given(rate=RATES, taken=st.integers(0, 20), back=st.floats(1, 1e6))
def test_a_clock_that_is_set_back_gives_nothing_and_stops_nothing(rate: float, taken: int, back: float) -> None:
    steady = jumped = fresh_bucket(rate, 1e6)
    for _ in range(taken):
        steady, jumped = take(steady, 1e6)[0], take(jumped, 1e6)[0]
    _, usual = take(steady, 1e6)
    after, wait = take(jumped, 1e6 - back)
    assert wait == usual  # no token for nothing, and no wait for the clock to catch up
    _, later = take(after, 1e6 - back + (wait + 1 / rate) * 1.001)
    assert later == 0.0
