"""The state machine of a delivery: waits, the end of them, and what a receiver may ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.delivery import (
    REASON_LIMIT,
    RETRY_AFTER_CAP,
    Delivered,
    Delivery,
    Gone,
    Outcome,
    Rejected,
    Retry,
    settle,
)
from tests.core.samples import NOON

FRESH = Delivery(id=1, event_id="6e0f", notifier="backend", state="pending", attempts=0, next_attempt_at=NOON)
WAITS = (5.0, 300.0, 1800.0)
JITTERS = st.floats(-1, 1)
ASKED = st.none() | st.floats(0, 1e9)
OUTCOMES = st.one_of(
    st.just(Delivered()),
    st.builds(Retry, reason=st.text(max_size=5), after=ASKED),
    st.builds(Rejected, reason=st.text(max_size=5)),
    st.builds(Gone, reason=st.text(max_size=5)),
)


def after(outcome: Outcome, delivery: Delivery = FRESH, *, jitter: float = 0.0) -> Delivery:
    return settle(delivery, outcome, now=NOON, waits=WAITS, jitter=jitter)


def test_a_2xx_settles_the_delivery_and_clears_the_error() -> None:
    done = after(Delivered(), after(Retry(reason="HTTP 500")))
    assert (done.state, done.attempts, done.next_attempt_at, done.settled_at) == ("delivered", 2, None, NOON)
    assert done.last_error is None


def test_the_waits_are_used_one_after_the_other_then_the_delivery_is_dead() -> None:
    delivery, waits = FRESH, []
    while delivery.state == "pending":
        delivery = after(Retry(reason="HTTP 500"), delivery)
        waits.append(delivery.next_attempt_at and delivery.next_attempt_at - NOON)
    assert waits == [5, 300, 1800, None]
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("dead", 4, "HTTP 500")
    assert delivery.settled_at == NOON


def test_without_waits_the_first_failure_is_the_last() -> None:
    assert settle(FRESH, Retry(reason="x"), now=NOON, waits=(), jitter=0).state == "dead"


def test_a_rejection_is_dead_at_once() -> None:
    dead = after(Rejected(reason="550 no such user"))
    assert (dead.state, dead.attempts, dead.last_error) == ("dead", 1, "550 no such user")


def test_what_a_gone_receiver_is_owed_stays_owed() -> None:
    owed = after(Gone(reason="HTTP 410 Gone"))
    assert (owed.state, owed.attempts, owed.next_attempt_at, owed.settled_at) == ("pending", 1, NOON, None)


def test_a_receiver_that_says_gone_on_the_last_attempt_leaves_one_more() -> None:
    delivery = FRESH
    for _ in WAITS:
        delivery = after(Retry(reason="HTTP 500"), delivery)
    gone = after(Gone(reason="HTTP 410 Gone"), delivery)
    assert gone.state == "pending"
    last = after(Retry(reason="HTTP 500"), gone)
    assert (last.state, last.attempts) == ("dead", len(WAITS) + 1)


def test_reasons_are_bounded() -> None:
    for outcome in (Retry(reason="x" * 9999), Rejected(reason="x" * 9999), Gone(reason="x" * 9999)):
        assert len(after(outcome).last_error or "") == REASON_LIMIT


@pytest.mark.parametrize(("asked", "wait"), [(None, 5), (0.0, 5), (3.0, 5), (60.0, 60), (1e9, 24 * 3600)])
def test_the_longer_of_schedule_and_retry_after_counts_up_to_a_day(asked: float | None, wait: float) -> None:
    assert after(Retry(reason="HTTP 503", after=asked)).next_attempt_at == NOON + wait


@given(attempts=st.integers(0, 2), jitter=JITTERS, asked=ASKED)
def test_jitter_stays_within_a_fifth_and_never_undercuts_what_was_asked(
    attempts: int, jitter: float, asked: float | None
) -> None:
    due = settle(
        Delivery(**{**_fields(FRESH), "attempts": attempts}),  # type: ignore[arg-type]  # the fields of a Delivery
        Retry(reason="x", after=asked),
        now=0.0,
        waits=WAITS,
        jitter=jitter,
    ).next_attempt_at
    assert due is not None
    assert due >= min(asked or 0.0, RETRY_AFTER_CAP)
    assert WAITS[attempts] * 0.8 <= due <= max(WAITS[attempts] * 1.2, min(asked or 0.0, RETRY_AFTER_CAP))


def _fields(delivery: Delivery) -> dict[str, object]:
    return {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}


@given(outcomes=st.lists(OUTCOMES, max_size=12), jitter=JITTERS)
def test_whatever_happens_attempts_are_bounded_and_only_a_pending_delivery_has_a_next_one(
    outcomes: list[Outcome], jitter: float
) -> None:
    delivery = FRESH
    for outcome in outcomes:
        if delivery.state != "pending":
            break
        delivery = after(outcome, delivery, jitter=jitter)
        assert delivery.attempts <= len(WAITS) + 1
        assert (delivery.next_attempt_at is not None) == (delivery.state == "pending") == (delivery.settled_at is None)
