"""The pace under throttling, held against an upstream that allows less than the configuration says."""

from hypothesis import given
from hypothesis import strategies as st

from poller.core.throttle import FLOOR_SHARE, RECOVERY, Throttle, pace, throttled


def test_without_throttling_the_pace_is_the_configured_rate() -> None:
    assert pace(Throttle(rate=10.0), 12345.0) == 10.0


def test_a_throttled_answer_halves_the_pace() -> None:
    cut = throttled(Throttle(rate=10.0), 100.0)
    assert pace(cut, 100.0) == 5.0


def test_answers_to_requests_that_were_under_way_together_halve_it_once() -> None:
    throttle = Throttle(rate=10.0)
    for _ in range(16):
        throttle = throttled(throttle, 100.0)
    assert pace(throttle, 100.0) == 5.0


@given(rate=st.floats(0.1, 1000), answers=st.lists(st.floats(0.01, 300), max_size=40))
def test_the_pace_never_exceeds_the_rate_and_never_stops(rate: float, answers: list[float]) -> None:
    throttle, now = Throttle(rate=rate), 0.0
    for wait in answers:
        now += wait
        throttle = throttled(throttle, now)
        assert rate * FLOOR_SHARE <= pace(throttle, now) <= rate


def test_quiet_brings_the_configured_rate_back() -> None:
    cut = throttled(Throttle(rate=10.0), 0.0)
    paces = [pace(cut, float(now)) for now in range(600)]
    assert paces == sorted(paces)
    assert paces[-1] == 10.0
    assert 9.0 < paces[int(RECOVERY)] < 10.0


def test_an_upstream_that_allows_less_is_used_well_and_rarely_asked_for_more() -> None:
    throttle, now, tokens, asked, refused = Throttle(rate=10.0), 0.0, 4.0, 0, 0
    while now < 600:
        step = 1 / pace(throttle, now)
        now, tokens = now + step, min(4.0, tokens + 4.0 * step)
        allowed = tokens >= 1
        tokens -= allowed
        if now > 60:
            asked, refused = asked + 1, refused + (not allowed)
        if not allowed:
            throttle = throttled(throttle, now)
    assert refused / asked <= 0.02
    assert (asked - refused) / (540 * 4) >= 0.85
