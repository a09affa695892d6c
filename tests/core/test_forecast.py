"""What a configuration leads to, and what is advised."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.core.advice import advise
from poller.core.forecast import PRIOR_RATE, Crowd, Terms, forecast, imagined
from poller.core.plan import DISCOVER_EVERY, Sweep
from poller.core.vocabulary import CLASSES, StateClass

EVERY: dict[StateClass, float] = {
    "active": 30.0,
    "waiting_on_us": 120.0,
    "waiting_on_vendor": 120.0,
    "failed": 300.0,
    "done": 3600.0,
    "unknown": 60.0,
}
TERMS = Terms(rate=5.0, sweep="auto", every=EVERY, can_list=True, discovers=False)
SWEEPS: list[Sweep] = ["auto", "list", "detail"]
CROWDS = st.lists(
    st.builds(Crowd, state_class=st.sampled_from(CLASSES), rate=st.floats(1e-6, 0.1), jobs=st.integers(1, 20_000)),
    max_size=6,
)


def working(jobs: int, rate: float = PRIOR_RATE) -> list[Crowd]:
    return [Crowd(state_class="active", rate=rate, jobs=jobs)]


def test_by_detail_calls_both_delays_are_those_of_the_interval() -> None:
    made = forecast(TERMS, [*working(30), Crowd(state_class="done", rate=PRIOR_RATE, jobs=10)], listed=None)

    assert (made.plan.mode, made.jobs, made.listed) == ("detail", 40, None)
    active, done = made.classes
    assert (active.state_change.typical, active.state_change.worst) == (15.0, 30.0)
    assert active.log_entry.worst == 30.0
    assert (done.state_class, done.state_change.worst) == ("done", 3600.0)
    assert made.used == pytest.approx((30 / 30 + 10 / 3600) / 5)


def test_by_list_pages_states_are_seen_with_the_sweep_and_entries_with_the_rotation() -> None:
    made = forecast(replace(TERMS, rate=10.0), working(10_000), listed=10_000)

    (active,) = made.classes
    assert made.plan.mode == "list"
    assert active.state_change.worst == made.plan.sweep_every == 30.0
    assert active.log_entry.worst == pytest.approx(10_000 / made.plan.rotation, rel=0.01)
    assert made.total == pytest.approx(10.0)


def test_jobs_that_bring_more_entries_weigh_more_in_the_mean_of_entries() -> None:
    made = forecast(replace(TERMS, sweep="detail"), [*working(1000, 1e-3), *working(1000, 1e-5)], listed=None)

    (active,) = made.classes
    assert active.log_entry.typical < active.state_change.typical


def test_sweeps_that_only_look_for_new_jobs_are_counted() -> None:
    made = forecast(replace(TERMS, discovers=True), working(10), listed=80_000)

    assert (made.plan.mode, made.sweep) == ("detail", 800 / DISCOVER_EVERY)
    assert made.total == made.plan.total + made.sweep


def test_a_source_without_a_list_is_read_by_detail_calls() -> None:
    made = forecast(replace(TERMS, can_list=False, sweep="list"), working(1000), listed=1000)

    assert (made.plan.mode, made.listed) == ("detail", None)


def test_what_is_imagined_keeps_the_proportions_and_the_sum() -> None:
    crowds = [*working(2), Crowd(state_class="done", rate=PRIOR_RATE, jobs=1)]

    assert [crowd.jobs for crowd in imagined(crowds, 10)] == [6, 4]
    assert imagined([], 7) == working(7)
    assert imagined(crowds, 0) == imagined([], 0) == []


@given(crowds=CROWDS, jobs=st.integers(0, 1_000_000))
def test_as_many_jobs_are_imagined_as_are_asked_for(crowds: list[Crowd], jobs: int) -> None:
    assert sum(crowd.jobs for crowd in imagined(crowds, jobs)) == jobs


@given(
    crowds=CROWDS, listed=st.none() | st.integers(0, 100_000), rate=st.floats(0.1, 100), sweep=st.sampled_from(SWEEPS)
)
def test_nothing_is_seen_later_on_average_than_at_worst(
    crowds: list[Crowd], listed: int | None, rate: float, sweep: Sweep
) -> None:
    made = forecast(replace(TERMS, rate=rate, sweep=sweep), crowds, listed=listed)

    assert sum(one.jobs for one in made.classes) == made.jobs
    for one in made.classes:
        for delay in (one.state_change, one.log_entry):
            assert 0 < delay.typical <= delay.worst * 0.5000001
        assert one.state_change.worst <= one.log_entry.worst


def test_nothing_is_advised_when_all_is_as_wished() -> None:
    made = forecast(TERMS, working(50), listed=50)

    assert advise(TERMS, working(50), made) == []
    assert advise(TERMS, [], forecast(TERMS, [], listed=0)) == []


def test_the_sweep_is_advised_where_it_alone_helps() -> None:
    terms = replace(TERMS, sweep="detail", rate=10.0)

    assert [one.key for one in advise(terms, working(1000), forecast(terms, working(1000), listed=1000))] == ["sweep"]


def test_slow_log_entries_are_worth_a_higher_rate() -> None:
    terms = replace(TERMS, rate=10.0)
    made = forecast(terms, working(10_000), listed=10_000)
    (advice,) = advise(terms, working(10_000), made)

    assert advice.key == "rate"
    assert isinstance(advice.value, float)
    better = forecast(replace(terms, rate=advice.value), working(10_000), listed=10_000)
    assert better.classes[0].log_entry.typical <= made.classes[0].log_entry.typical / 2 * 1.01


@given(
    jobs=st.integers(1, 50_000),
    listed=st.none() | st.integers(1, 100_000),
    rate=st.floats(0.1, 20),
    sweep=st.sampled_from(SWEEPS),
)
def test_who_follows_the_advice_is_no_longer_over_budget(
    jobs: int, listed: int | None, rate: float, sweep: Sweep
) -> None:
    terms = replace(TERMS, rate=rate, sweep=sweep)
    crowds = working(jobs)
    now = forecast(terms, crowds, listed=listed)
    advice = {one.key: one.value for one in advise(terms, crowds, now)}
    if now.plan.stretch <= 1.0 and now.used <= 1.0:
        assert set(advice) <= {"rate"}
        return
    free = replace(terms, sweep="auto") if "sweep" in advice else terms
    if isinstance(more := advice.get("rate"), float):
        better = forecast(replace(free, rate=more), crowds, listed=listed)
        assert better.plan.stretch <= 1.0
    if isinstance(longer := advice.get("every.active"), float):
        better = forecast(replace(free, every={**EVERY, "active": longer}), crowds, listed=listed)
        assert better.plan.stretch <= 1.0
    assert advice
