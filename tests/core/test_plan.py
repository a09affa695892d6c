"""How a budget is spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.plan import RESERVE, Demand, Plan, detail_delays, pages_of, plan
from poller.core.rotation import Group

RATE = 1 / 21_600


def demand(jobs: int, listed: int | None, *, every: float = 30.0, changes: float = 0.0) -> Demand:
    return Demand(groups=(Group(jobs=jobs, every=every, rate=RATE),), every=every, listed=listed, changes=changes)


@pytest.mark.parametrize(
    ("jobs", "listed", "mode"),
    [
        (3, 50_000, "detail"),
        (5_000, 6_000, "list"),
        (10_000, 10_000, "list"),
        (1, 1, "detail"),
        (1, 100_000, "detail"),
        (100, 100, "detail"),  # 100 detail calls in 30 s fit into the budget, and bring the logs
        (300, 50_000, "detail"),  # 300 calls take 60 s, 500 pages 125 s
        (300, 300, "list"),
    ],
)
def test_auto_takes_what_costs_fewer_requests(jobs: int, listed: int, mode: str) -> None:
    assert plan(demand(jobs, listed), rate=5.0, sweep="auto").mode == mode


def test_the_operator_has_the_last_word() -> None:
    assert plan(demand(3, 50_000), rate=5.0, sweep="list").mode == "list"
    assert plan(demand(5_000, 6_000), rate=5.0, sweep="detail").mode == "detail"


def test_an_upstream_without_a_list_is_read_by_detail_calls() -> None:
    assert plan(demand(5_000, None), rate=5.0, sweep="auto").mode == "detail"


def test_ten_thousand_jobs_are_swept_within_seconds_on_ten_requests_a_second() -> None:
    made = plan(demand(10_000, 10_000, every=10.0, changes=1.0), rate=10.0, sweep="auto")
    assert (made.mode, made.pages) == ("list", 100)
    assert made.sweep_every == pytest.approx(12.5)
    assert made.rotation > 0


def test_a_small_list_is_swept_no_more_often_than_wished() -> None:
    made = plan(demand(500, 500), rate=5.0, sweep="list")
    assert made.sweep_every == 30.0
    assert made.stretch == 1.0


def test_a_budget_that_is_short_is_told() -> None:
    made = plan(demand(300, None), rate=5.0, sweep="detail")
    assert made.stretch == pytest.approx(2.0)
    assert detail_delays(demand(300, None), made)[0] == pytest.approx(60.0, rel=0.01)


@given(
    jobs=st.integers(1, 200_000),
    listed=st.none() | st.integers(0, 500_000),
    rate=st.floats(0.1, 1000),
    changes=st.floats(0, 50),
    sweep=st.sampled_from(["auto", "list", "detail"]),
)
def test_a_plan_keeps_to_the_rate_but_for_what_must_not_starve(
    jobs: int, listed: int | None, rate: float, changes: float, sweep: str
) -> None:
    made: Plan = plan(demand(jobs, listed, changes=changes), rate=rate, sweep=sweep)  # type: ignore[arg-type]  # sampled from the three
    assert made.total <= rate * (1 + RESERVE)
    assert made.rotation > 0


def test_nobody_watched_costs_nothing() -> None:
    made = plan(Demand(groups=(), every=30.0, listed=0), rate=5.0, sweep="auto")
    assert (made.mode, made.total) == ("detail", 0.0)


def test_pages_are_counted_as_they_are_asked_for() -> None:
    assert [pages_of(listed) for listed in (0, 1, 100, 101, 10_000)] == [1, 1, 1, 2, 100]
