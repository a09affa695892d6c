"""The circuit breaker: few failures before a rest, longer and longer rests, one probe at the end of each."""

from hypothesis import given
from hypothesis import strategies as st

from poller.core.breaker import CLOSED, CREDENTIAL_FAILURES, CREDENTIAL_PAUSE_CAP, PAUSE_FLOOR, Breaker, failed, rest


def refused(breaker: Breaker, now: float, asked: float | None = None) -> Breaker:
    return failed(breaker, now=now, threshold=CREDENTIAL_FAILURES, lasting=0.0, cap=CREDENTIAL_PAUSE_CAP, asked=asked)


@given(pauses=st.lists(st.floats(0, 4000), max_size=60))
def test_a_caller_that_rests_never_fails_more_often_than_the_threshold_before_a_rest(pauses: list[float]) -> None:
    breaker, now, tries_without_rest = CLOSED, 0.0, 0
    for pause in pauses:
        now += pause
        waiting = rest(breaker, now)
        if waiting > 0:
            assert breaker.is_open
            now += waiting
            tries_without_rest = 0
        was_open = breaker.is_open
        breaker, tries_without_rest = refused(breaker, now), tries_without_rest + 1
        assert tries_without_rest <= CREDENTIAL_FAILURES
        if was_open:  # a probe that fails closes the door at once
            assert rest(breaker, now) > 0
        if breaker.is_open:
            tries_without_rest = 0


def test_rests_double_from_five_seconds_to_the_cap() -> None:
    breaker, now, rests = CLOSED, 0.0, []
    for _ in range(13):
        breaker = refused(breaker, now)
        rests.append(rest(breaker, now))
        now += rests[-1]
    assert rests == [0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]


def test_failures_that_were_under_way_when_the_rest_began_do_not_lengthen_it() -> None:
    breaker = CLOSED
    for _ in range(16):
        breaker = refused(breaker, 100.0)
    assert (breaker.failures, rest(breaker, 100.0)) == (16, PAUSE_FLOOR)
    probed = refused(breaker, 105.0)
    assert rest(probed, 105.0) == 2 * PAUSE_FLOOR


def test_what_is_asked_for_is_kept_to_and_does_not_set_the_next_rest() -> None:
    breaker = CLOSED
    for _ in range(3):
        breaker = refused(breaker, 0.0, asked=600.0)
    assert rest(breaker, 0.0) == 600
    assert rest(refused(breaker, 600.0), 600.0) == 10


def test_a_longer_pause_asked_for_during_a_rest_lengthens_it_and_a_shorter_one_does_not() -> None:
    breaker = CLOSED
    for _ in range(3):
        breaker = refused(breaker, 0.0)
    assert rest(refused(breaker, 1.0, asked=60.0), 1.0) == 60
    assert rest(refused(breaker, 1.0, asked=1.0), 1.0) == 4


def test_an_outage_must_last_before_it_trips() -> None:
    breaker, tripped_at = CLOSED, None
    for second in range(30):
        breaker = failed(breaker, now=float(second), threshold=5, lasting=15.0, cap=60.0)
        if breaker.is_open and tripped_at is None:
            tripped_at = second
    assert tripped_at == 15


def test_a_few_failures_far_apart_do_not_trip() -> None:
    breaker = CLOSED
    for second in (0.0, 100.0, 200.0, 300.0):
        breaker = failed(breaker, now=second, threshold=5, lasting=15.0, cap=60.0)
    assert not breaker.is_open


def test_a_clock_that_is_set_back_does_not_make_a_row_of_failures_older() -> None:
    breaker = failed(CLOSED, now=1000.0, threshold=2, lasting=15.0, cap=60.0)
    breaker = failed(breaker, now=10.0, threshold=2, lasting=15.0, cap=60.0)
    assert not breaker.is_open
    assert failed(breaker, now=25.0, threshold=2, lasting=15.0, cap=60.0).is_open


def test_a_closed_breaker_never_rests() -> None:
    assert rest(CLOSED, 0.0) == 0
    assert rest(refused(CLOSED, 0.0), 0.0) == 0
