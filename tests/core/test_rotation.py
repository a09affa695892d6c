"""Which job to look at next: the laws of the shares."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.rotation import (
    AGES,
    PRIOR_ENTRIES,
    PRIOR_SECONDS,
    RATE_CAP,
    RATE_FLOOR,
    Group,
    History,
    age_of,
    calls,
    estimate,
    expected,
    expected_between,
    interval,
    shared,
    shared_all,
    spread,
    spread_all,
    threshold_for,
    usual,
)

GROUPS = st.lists(
    st.builds(Group, jobs=st.integers(1, 100_000), every=st.floats(0.05, 7200), rate=st.floats(RATE_FLOOR, RATE_CAP)),
    min_size=1,
    max_size=8,
).map(tuple)


@given(groups=GROUPS, budget=st.floats(0.01, 1000))
def test_the_threshold_keeps_to_the_budget_and_leaves_little_of_it(groups: tuple[Group, ...], budget: float) -> None:
    threshold = threshold_for(groups, budget)
    spent = calls(groups, threshold)
    assert spent <= budget * 1.000001
    assert threshold == 0 or spent >= budget * 0.999


@given(groups=GROUPS, budget=st.floats(0.01, 1000))
def test_nobody_is_looked_at_more_often_than_asked_for(groups: tuple[Group, ...], budget: float) -> None:
    threshold = threshold_for(groups, budget)
    assert all(interval(group.rate, group.every, threshold) >= group.every for group in groups)


def test_shares_are_proportional_to_the_square_roots_of_the_rates() -> None:
    groups = (Group(jobs=100, every=0.01, rate=0.01), Group(jobs=100, every=0.01, rate=0.0001))
    threshold = threshold_for(groups, 1.0)
    quick, slow = (interval(group.rate, group.every, threshold) for group in groups)
    assert slow / quick == pytest.approx(10.0)


@given(rates=st.lists(st.floats(1e-5, 1e-2), min_size=2, max_size=6), tilt=st.floats(-0.3, 0.3))
def test_no_other_sharing_of_the_same_budget_has_a_lower_mean_delay(rates: list[float], tilt: float) -> None:
    groups = [Group(jobs=1, every=1e-6, rate=rate) for rate in rates]
    threshold = threshold_for(groups, 0.01)
    best = [interval(group.rate, group.every, threshold) for group in groups]
    frequencies = [1 / one for one in best]
    moved = tilt * min(frequencies[0], frequencies[1])
    other = [1 / (frequencies[0] + moved), 1 / (frequencies[1] - moved), *best[2:]]
    delay = sum(rate * one for rate, one in zip(rates, best, strict=True))
    assert delay <= sum(rate * one for rate, one in zip(rates, other, strict=True)) * 1.000001


def test_without_a_budget_nobody_is_looked_at_and_with_plenty_all_as_wished() -> None:
    groups = (Group(jobs=10, every=30.0, rate=0.001),)
    assert threshold_for(groups, 0.0) == math.inf
    assert threshold_for(groups, 1.0) == 0.0


def test_a_state_of_which_nothing_is_known_has_the_prior_rate() -> None:
    assert usual(History()) == pytest.approx(PRIOR_ENTRIES / PRIOR_SECONDS)


@given(entries=st.floats(0, 1e6), seconds=st.floats(0, 1e9), own=st.floats(0, 1e6), expected=st.floats(0, 1e9))
def test_an_estimate_keeps_to_its_floor_and_cap(entries: float, seconds: float, own: float, expected: float) -> None:
    rate = estimate(usual(History(entries=entries, seconds=seconds)), own, expected)
    assert RATE_FLOOR <= rate <= RATE_CAP


def test_a_jobs_own_past_moves_the_estimate_both_ways() -> None:
    assert estimate(1e-3, entries=50.0, expected=10.0) > 2e-3
    assert estimate(1e-3, entries=0.0, expected=10.0) < 1e-3 / 5
    assert estimate(1e-3, entries=7.0, expected=7.0) == pytest.approx(1e-3)


AGE = st.integers(0, 500_000_000_000).map(
    lambda micros: micros / 1e6
)  # seconds; no clock tells less than a microsecond


@given(ages=st.tuples(AGE, AGE).map(sorted), usuals=st.lists(st.floats(1e-6, 1e-2), min_size=5, max_size=5))
def test_what_came_between_two_looks_is_shared_out_whole_and_as_is_usual(
    ages: list[float], usuals: list[float]
) -> None:
    seconds = spread(*ages)
    assert sum(seconds) == pytest.approx(ages[1] - ages[0])
    parts = shared(3.0, usuals, seconds)
    assert sum(parts) == pytest.approx(3.0 if sum(seconds) else 0.0)
    assert expected_between(usuals, *ages) == pytest.approx(expected(usuals, seconds))
    again = shared(expected(usuals, seconds), usuals, seconds)
    assert again == pytest.approx([a * b for a, b in zip(usuals, seconds, strict=True)])


@given(
    looks=st.lists(st.tuples(st.integers(1, 9), st.tuples(AGE, AGE)), max_size=8),
    usuals=st.lists(st.floats(1e-6, 1e-2), min_size=5, max_size=5),
)
def test_many_looks_come_to_the_sum_of_each(looks: list[tuple[int, tuple[float, float]]], usuals: list[float]) -> None:
    each = [spread(*ages) for _, ages in looks]
    assert spread_all([ages for _, ages in looks]) == pytest.approx(summed(each))
    parts = [shared(entries, usuals, seconds) for (entries, _), seconds in zip(looks, each, strict=True)]
    assert shared_all(usuals, looks) == pytest.approx(summed(parts))


def summed(rows: list[list[float]]) -> list[float]:
    return [sum(column) for column in zip(*rows, strict=True)] or [0.0] * 5


def test_ages_fall_into_buckets_with_their_bounds_above() -> None:
    assert [age_of(0.0), *(age_of(bound) for bound in AGES), age_of(1e9)] == [0, 1, 2, 3, 4, 4]
    assert [age_of(bound - 1) for bound in AGES] == [0, 1, 2, 3]
