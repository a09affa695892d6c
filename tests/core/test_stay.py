"""What is usual, and how unusual a stay is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.stay import ENOUGH, Usual, limit_for, stay_of, usual_of

STAYS = st.lists(st.floats(0, 1e7), min_size=ENOUGH, max_size=60)


@given(stays=STAYS)
def test_the_median_and_the_95th_percentile_are_stays_that_happened(stays: list[float]) -> None:
    usual = usual_of(stays)
    assert usual is not None
    assert min(stays) <= usual.p50 <= usual.p95 <= max(stays)
    assert {usual.p50, usual.p95} <= set(stays)


def test_nearest_ranks() -> None:
    assert usual_of([float(stay) for stay in range(1, 101)]) == Usual(p50=50.0, p95=95.0, stays=100)


def test_few_stays_make_nothing_usual() -> None:
    assert usual_of([1.0] * (ENOUGH - 1)) is None
    stay = stay_of("TRAINING", 10.0, limit=5.0, earlier=[1.0])
    assert (stay.usual, stay.longer_share) == (None, None)


@given(stays=STAYS, seconds=st.floats(0, 1e7))
def test_how_unusual_a_stay_is_counts_the_earlier_ones_that_were_longer(stays: list[float], seconds: float) -> None:
    stay = stay_of("TRAINING", seconds, limit=5.0, earlier=stays)
    assert stay.longer_share == pytest.approx(sum(one >= seconds for one in stays) / len(stays), abs=0.001)


def test_a_states_own_limit_counts_more_than_that_of_its_class() -> None:
    limits = {"TRAINING": 72.0, "active": 24.0}
    assert limit_for("TRAINING", "active", limits) == 72.0
    assert limit_for("COMPILING", "active", limits) == 24.0
    assert limit_for("JOB_SUCCESS", "done", limits) is None
    assert limit_for(None, "unknown", limits) is None
