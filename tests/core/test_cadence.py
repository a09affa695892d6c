"""When a job is due next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.cadence import RETRY_CAP, is_forgotten, next_due, retry_due
from poller.core.vocabulary import CLASSES, StateClass

SPREADS = st.floats(0, 1)


@given(every=st.floats(0.01, 1e6), spread=SPREADS)
def test_a_job_is_due_within_its_interval_and_at_most_a_tenth_early(every: float, spread: float) -> None:
    due = next_due(now=0.0, every=every, spread=spread)
    assert every * 0.8999 <= due <= every


def test_jobs_added_together_drift_apart() -> None:
    dues = {next_due(now=0.0, every=30.0, spread=part / 100) for part in range(101)}
    assert len(dues) == 101
    assert max(dues) - min(dues) == pytest.approx(3.0)


@given(failures=st.integers(1, 10_000), interval=st.floats(0.01, 1e5), cap=st.floats(0.01, 1e5), spread=SPREADS)
def test_a_retry_is_never_later_than_the_cap_or_the_interval_and_never_at_once(
    failures: int, interval: float, cap: float, spread: float
) -> None:
    wait = retry_due(now=0.0, failures=failures, interval=interval, cap=cap, spread=spread)
    assert 0 < wait <= max(cap, interval)
    assert wait >= min(interval, 5.0) * 0.9


@given(failures=st.integers(1, 60), interval=st.floats(0.01, 1e4))
def test_every_failure_waits_as_long_as_the_one_before_or_longer(failures: int, interval: float) -> None:
    one, next_one = (
        retry_due(now=0.0, failures=count, interval=interval, cap=RETRY_CAP, spread=0.0)
        for count in (failures, failures + 1)
    )
    assert one <= next_one <= one * 2


def test_the_waits_double_from_five_seconds_to_the_cap() -> None:
    waits = [retry_due(now=0.0, failures=count, interval=30.0, cap=RETRY_CAP, spread=0.0) for count in range(1, 9)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_a_rehearsal_with_short_intervals_has_short_retries() -> None:
    assert retry_due(now=0.0, failures=1, interval=0.05, cap=RETRY_CAP, spread=0.0) == 0.05


def test_only_a_done_job_is_forgotten_and_only_after_its_time() -> None:
    def forgotten(now: float, state_class: StateClass) -> bool:
        return is_forgotten(now=now, state_class=state_class, state_since=100.0, forget_done_after=50.0)

    assert [forgotten(149.9, "done"), forgotten(150.0, "done")] == [False, True]
    assert not any(forgotten(1e9, state_class) for state_class in CLASSES if state_class != "done")
