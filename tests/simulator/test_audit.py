"""The audit agrees with an honest teller, and catches each kind of lie."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.diff import FirstSight
from poller.core.message import body
from poller.core.notices import source_blind
from poller.simulator.audit import FirstSight as AuditedFirstSight
from poller.simulator.audit import audit
from poller.simulator.receiver import Arrival
from poller.simulator.script import Fate
from poller.simulator.truth import JobTruth
from poller.simulator.verdict import Verdict, lateness_of
from poller.simulator.world import World
from tests.simulator.calls import StillClock
from tests.simulator.telling import DELIVERY, Teller, arrival, edited

JOB = "efc5300ecdba4ea48d1ff13a9d907bc0"
FULL = Fate(manual_rejections=1, train_failures=1, reopened=1, twice=True)
DAY = 86_400


def lived(first_sight: FirstSight = "all", *, seed: int = 1, polls: int = 60) -> Teller:
    clock = StillClock()
    world = World(jobs=3, seed=seed, speed=10 * DAY / 60, fate=FULL, clock=clock, born_within=(0, 0))
    teller = Teller(world, clock, first_sight)
    teller.poll()
    teller.live(60, 60 / polls)
    return teller


def judged(teller: Teller, arrivals: list[Arrival] | None = None, first_sight: AuditedFirstSight = "all") -> Verdict:
    return audit(teller.world.truths(), teller.arrivals if arrivals is None else arrivals, first_sight=first_sight)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(min_value=0, max_value=10_000), polls=st.integers(min_value=3, max_value=80))
def test_an_honest_teller_is_believed_however_often_it_looks(seed: int, polls: int) -> None:
    clock = StillClock()
    teller = Teller(World(jobs=3, seed=seed, speed=8 * DAY / 60, clock=clock), clock)
    teller.live(60, 60 / polls)
    verdict = judged(teller)
    assert verdict.problems == ()
    assert verdict.told == verdict.happened > 30


def test_a_job_that_moved_between_the_list_page_and_its_first_detail_call_is_told_of_truly() -> None:
    clock = StillClock()
    teller = Teller(World(jobs=3, seed=1, speed=10 * DAY / 60, fate=FULL, clock=clock, born_within=(0, 0)), clock)
    teller.glance()
    teller.live(60, 5)
    second = next(one.event for one in teller.arrivals if one.event.type == "poller.job.state_changed")
    watched = next(one.event for one in teller.arrivals if one.event.subject == second.subject)
    assert (watched.type, watched.state) == ("poller.job.watched", second.transition)
    assert judged(teller).problems == ()


def test_a_summary_at_first_sight_counts_as_told() -> None:
    clock = StillClock()
    teller = Teller(World(jobs=3, speed=1000, fate=FULL, clock=clock, born_within=(-DAY, -DAY)), clock, "summary")
    teller.live(400, 20)
    assert judged(teller, first_sight="summary").problems == ()
    assert "missing entry" in judged(teller, first_sight="all").kinds()


def test_lateness_is_from_the_change_to_its_acceptance() -> None:
    clock = StillClock()
    world = World(clock=clock)
    teller = Teller(world, clock)
    world.put(JOB, {"state": "TRAINING"})
    teller.poll()
    for wait in (1.0, 2.0, 7.0):
        world.append_log(JOB, "SYSTEM_TRAINING", operate_user=f"SYSTEM{wait}")
        clock.now += wait
        teller.poll()
    late = judged(teller).lateness
    assert late is not None
    assert (late.count, late.p50, late.worst) == pytest.approx((3, 2 + DELIVERY, 7 + DELIVERY))


def test_lateness_of_nothing_is_nothing() -> None:
    assert lateness_of([]) is None


def of_type(arrivals: list[Arrival], kind: str) -> int:
    """The place of an event of this kind with others of its job after it."""
    return [n for n, a in enumerate(arrivals) if a.event.type == f"poller.job.{kind}"][3]


def without_an_entry(told: list[Arrival]) -> list[Arrival]:
    place = of_type(told, "operation_logged")
    return told[:place] + told[place + 1 :]


def with_one_of_two_equal_entries(told: list[Arrival]) -> list[Arrival]:
    keys = [(a.event.subject, a.event.operation) for a in told]
    place = next(n for n, key in enumerate(keys) if key[1] is not None and key in keys[:n])
    return told[:place] + told[place + 1 :]


def with_an_invented_entry(told: list[Arrival]) -> list[Arrival]:
    place = of_type(told, "operation_logged")
    operation = {**told[place].event.data["operation"], "log_type": "ADMIN_INVENTED"}
    return [*told[:place], edited(told[place], operation=operation), *told[place + 1 :]]


def with_an_entry_told_under_two_ids(told: list[Arrival]) -> list[Arrival]:
    last = [a for a in told if a.event.subject == told[0].event.subject]
    place = of_type(told, "operation_logged")
    again = next(a for a in told[place:] if a.event.subject == told[0].event.subject and a.event.operation)
    sequence = max(a.event.sequence or 0 for a in last) + 1
    return [*told, edited(again, envelope={"id": "another"}, sequence=sequence)]


def with_another_body_under_one_id(told: list[Arrival]) -> list[Arrival]:
    return [*told, edited(told[5], summary="something else")]


def in_another_order(told: list[Arrival]) -> list[Arrival]:
    one = of_type(told, "operation_logged")
    other = next(n for n in range(one + 1, len(told)) if told[n].event.subject == told[one].event.subject)
    swapped = list(told)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    return swapped


def with_a_state_it_never_was_in(told: list[Arrival]) -> list[Arrival]:
    place = of_type(told, "state_changed")
    return [*told[:place], edited(told[place], transition="COMPILE_FAILED"), *told[place + 1 :]]


def without_the_last_state(told: list[Arrival]) -> list[Arrival]:
    place = max(n for n, a in enumerate(told) if a.event.type == "poller.job.state_changed")
    return told[:place] + told[place + 1 :]


def without_a_middle_state(told: list[Arrival]) -> list[Arrival]:
    place = of_type(told, "state_changed")
    return told[:place] + told[place + 1 :]


def with_a_job_forgotten(told: list[Arrival]) -> list[Arrival]:
    return [a for a in told if a.event.subject != told[0].event.subject]


def with_a_job_that_never_was(told: list[Arrival]) -> list[Arrival]:
    job = {**told[0].event.data["job"], "job_id": JOB}
    return [*told, edited(told[0], envelope={"id": "x", "subject": JOB}, job=job)]


def with_a_job_called_missing(told: list[Arrival]) -> list[Arrival]:
    last = [a for a in told if a.event.subject == told[0].event.subject][-1]
    sequence = (last.event.sequence or 0) + 1
    lie = edited(last, envelope={"id": "x", "type": "poller.job.missing"}, transition="MISSING", sequence=sequence)
    return [*told, lie]


def with_a_reopening_too_many(told: list[Arrival]) -> list[Arrival]:
    last = [a for a in told if a.event.subject == told[0].event.subject][-1]
    after = (last.event.sequence or 0) + 1
    kind = {"type": "poller.job.reopened"}
    return [
        *told,
        *(edited(last, envelope={"id": f"x{n}", **kind}, transition="REOPENED", sequence=after + n) for n in range(2)),
    ]


def without_a_comment(told: list[Arrival]) -> list[Arrival]:
    place = max(n for n, a in enumerate(told) if a.event.type == "poller.job.commented")
    return told[:place] + told[place + 1 :]


def refused_for_ever(told: list[Arrival]) -> list[Arrival]:
    place = of_type(told, "operation_logged")
    return [*told[:place], arrival(told[place].body, told[place].at, accepted=False), *told[place + 1 :]]


@pytest.mark.parametrize(
    ("lie", "caught_as"),
    [
        (without_an_entry, {"missing entry", "gap"}),
        (with_one_of_two_equal_entries, {"missing entry", "gap"}),
        (with_an_invented_entry, {"missing entry", "unexpected entry"}),
        (with_an_entry_told_under_two_ids, {"unexpected entry"}),
        (with_another_body_under_one_id, {"altered"}),
        (in_another_order, {"order"}),
        (with_a_state_it_never_was_in, {"unexpected state", "chain"}),
        (without_the_last_state, {"final state"}),
        (without_a_middle_state, {"chain", "gap"}),
        (with_a_job_forgotten, {"untold job"}),
        (with_a_job_that_never_was, {"unknown job"}),
        (with_a_job_called_missing, {"absence", "unexpected absence"}),
        (with_a_reopening_too_many, {"unexpected reopening"}),
        (without_a_comment, {"missing comment", "gap"}),
        (refused_for_ever, {"missing entry", "gap"}),
    ],
)
def test_a_lie_is_caught(lie: Callable[[list[Arrival]], list[Arrival]], caught_as: set[str]) -> None:
    teller = lived()
    assert judged(teller).ok
    verdict = judged(teller, lie(teller.arrivals))
    assert not verdict.ok
    assert caught_as <= verdict.kinds().keys()
    assert "DISAGREE" in verdict.summary


def test_attempts_refused_first_and_accepted_later_are_no_lie() -> None:
    teller = lived()
    twice = [each for a in teller.arrivals for each in (arrival(a.body, a.at, accepted=False), a, a)]
    verdict = judged(teller, twice)
    assert verdict.ok
    assert verdict.duplicates == len(teller.arrivals)
    assert "the two agree" in verdict.summary


def test_what_happened_at_the_very_end_may_be_told_later() -> None:
    clock = StillClock()
    world = World(clock=clock)
    teller = Teller(world, clock)
    world.put(JOB, {"state": "TRAINING"})
    teller.poll()
    asked_at = clock.now
    clock.now += 1
    world.append_log(JOB, "SYSTEM_TRAIN_SUCCESS")
    world.put(JOB, {"state": "TRAIN_SUCCESS"})
    assert judged(teller).kinds() == {"final state": 1, "missing entry": 1}
    assert audit(world.truths(), teller.arrivals, required_until=asked_at).ok
    teller.poll()
    assert audit(world.truths(), teller.arrivals, required_until=asked_at).ok


def test_a_deleted_job_must_be_told_missing_and_a_restored_one_found() -> None:
    clock = StillClock()
    world = World(clock=clock)
    teller = Teller(world, clock)
    world.put(JOB, {"state": "TRAINING"})
    teller.live(2, 1)
    world.delete(JOB)
    assert judged(teller).kinds() == {"absence": 1}
    clock.now += 1
    world.append_log(JOB, "SYSTEM_UNSEEN")
    teller.live(2, 1)
    assert judged(teller).problems == ()
    world.restore(JOB)
    assert "absence" in judged(teller).kinds()
    teller.live(2, 1)
    assert judged(teller).problems == ()


def test_events_about_sources_are_counted_apart() -> None:
    teller = lived(polls=10)
    blind = arrival(body(source_blind("prod", "outage", now=1.0)), 2.0)
    verdict = judged(teller, [*teller.arrivals, blind])
    assert (verdict.ok, verdict.others) == (True, {"poller.source.blind": 1})


def test_jobs_that_nobody_watches_can_be_left_out() -> None:
    truth = JobTruth(job_id=JOB, name=None, states=(), entries=())
    teller = lived(polls=10)
    others = [a for a in teller.arrivals if a.event.subject != teller.arrivals[0].event.subject]
    truths = {**teller.world.truths(), JOB: truth}
    assert audit(truths, others).kinds() == {"untold job": 1}
    assert audit(truths, others, require_every_job=False).ok
