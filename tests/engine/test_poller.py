"""Due jobs are fetched, compared and recorded; the source is scripted, the storage is real."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from sqlalchemy import text

from poller.core.plan import Demand, plan
from poller.core.reading import Absent, Denied, Failed, Reading, Refused, Target
from poller.core.route import Route
from poller.engine.poller import Poller
from poller.errors import StoreFull
from tests.engine.conftest import House, eventually, settle_down
from tests.engine.stage import EVERY, START, rules, seen


@asynccontextmanager
async def planned(house: House) -> AsyncIterator[Poller]:
    """A poller whose governor knows by now how many jobs are watched."""
    parts = house.parts()
    await parts.governor.decide()
    async with house.poller(parts=parts) as poller:
        yield poller


async def test_each_transition_of_a_life_is_recorded_once_and_in_order(house: House) -> None:
    await house.watch("a")
    async with house.poller() as poller:
        for state, log in [
            ("AUTO_VERIFYING", ["CREATE"]),
            ("AUTO_VERIFYING", ["CREATE"]),
            ("TRAINING", ["CREATE", "VERIFIED", "STARTED"]),
            ("JOB_SUCCESS", ["CREATE", "VERIFIED", "STARTED", "DONE"]),
        ]:
            house.source.script["a"] = seen(state, *log)
            await settle_down(poller)
            house.clock.pass_(3600)
    told = await house.events()
    assert [event.transition for event in told] == [
        "WATCHED", "CREATE", "VERIFIED", "STARTED", "TRAINING", "DONE", "JOB_SUCCESS",
    ]  # fmt: skip
    assert [event.sequence for event in told] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.transition for row in await house.owed()] == [event.transition for event in told]


async def test_an_unchanged_job_costs_one_request_an_interval_and_writes_nothing(house: House) -> None:
    await house.watch("a")
    house.source.script["a"] = seen("TRAINING")
    async with house.poller() as poller:
        await settle_down(poller)
        await settle_down(poller)
        assert len(house.source.asked) == 1
        house.clock.pass_(EVERY["active"])
        await settle_down(poller)
    assert len(house.source.asked) == 2
    assert house.source.asked[1].digest is not None
    assert (await house.job("a")).due_at == START + 2 * EVERY["active"]
    assert await house.transitions() == ["WATCHED"]


async def test_one_hanging_job_delays_no_other(house: House) -> None:
    jobs = [f"job{number}" for number in range(30)]
    await house.watch("hanging", *jobs)
    house.source.script = {job: seen("TRAINING") for job in jobs}
    answered = anyio.Event()

    async def before(target: Target) -> None:
        if target.job_id == "hanging":
            await answered.wait()

    house.source.before = before
    house.source.script["hanging"] = seen("TRAINING")
    async with house.poller(concurrency=2) as poller:
        with anyio.fail_after(10):
            while len(await house.transitions()) < len(jobs):
                await poller.round()
                await poller.bell.wait(0.01)
        assert poller.seats.claimed == 1
        answered.set()
        await settle_down(poller)
    assert len(await house.transitions()) == len(jobs) + 1


async def test_a_job_is_missing_only_when_a_second_answer_agrees_and_found_when_it_answers_again(house: House) -> None:
    await house.watch("a")
    async with house.poller() as poller:
        story: list[Reading] = [seen("TRAINING"), Absent(reason="404"), seen("TRAINING"), Absent(reason="404")]
        for reading in story:
            house.source.script = {"a": reading}
            await settle_down(poller)
            house.clock.pass_(60)
        assert await house.transitions() == ["WATCHED"]
        await settle_down(poller)
        assert await house.transitions() == ["WATCHED", "MISSING"]
        assert (await house.job("a")).missing
        house.source.script["a"] = seen("TRAINING")
        house.clock.pass_(3600)
        await settle_down(poller)
    assert await house.transitions() == ["WATCHED", "MISSING", "FOUND"]
    assert not (await house.job("a")).missing


async def test_refused_credentials_make_one_blind_event_and_one_recovered(house: House) -> None:
    jobs = [f"job{number}" for number in range(20)]
    await house.watch(*jobs)
    house.source.script = dict.fromkeys(jobs, Denied(reason="401 APIG.0301", after=5.0))
    async with house.poller() as poller:
        await settle_down(poller)
        asked = len(house.source.asked)
        await settle_down(poller)
        assert len(house.source.asked) == asked  # resting
        house.clock.pass_(5)
        await settle_down(poller)
        assert len(house.source.asked) == asked + 1  # a single probe
        assert await house.transitions() == ["BLIND"]
        house.source.script = dict.fromkeys(jobs, seen("TRAINING"))
        for _ in range(3):
            house.clock.pass_(5)
            await settle_down(poller)
    blind, recovered, *watched = await house.events()
    assert (blind.transition, recovered.transition) == ("BLIND", "RECOVERED")
    assert blind.data["reason"] == recovered.data["reason"] == "401 APIG.0301"
    assert [event.transition for event in watched] == ["WATCHED"] * 20


async def test_that_a_source_is_blind_or_not_rings_for_the_dispatchers_at_once(house: House) -> None:
    parts, now = house.parts(), house.clock.now()
    denied = Denied(reason="401 APIG.0301", after=5.0)
    await parts.watch.observe_jobs([(1, denied, now)])
    await parts.watch.observe_jobs([(1, denied, now)])
    assert (parts.told, await house.transitions()) == (1, ["BLIND"])
    await parts.watch.observe_jobs([(1, seen("TRAINING"), now - 3600)])  # by a clock that was set back
    assert (parts.told, await house.transitions()) == (2, ["BLIND", "RECOVERED"])
    assert (await house.events())[-1].data["seconds_blind"] == 0.0


async def test_a_source_whose_every_job_is_refused_is_blind_once_and_recovers_with_the_first_answer(
    house: House,
) -> None:
    jobs = ["a", "b", "c"]
    await house.watch(*jobs)
    house.source.script = dict.fromkeys(jobs, Refused(reason="HTTP 403 APIG.0302"))
    async with planned(house) as poller:
        for _ in range(6):
            await settle_down(poller)
            house.clock.pass_(60)
        assert await house.transitions() == ["BLIND"]
        assert (await house.events())[0].data["reason"] == "every job is refused: HTTP 403 APIG.0302"

        house.source.script["b"] = seen("TRAINING")
        for _ in range(4):
            house.clock.pass_(3600)
            await settle_down(poller)
    assert await house.transitions() == ["BLIND", "RECOVERED", "WATCHED"]


async def test_refusals_say_nothing_of_a_source_that_answers_about_one_job(house: House) -> None:
    await house.watch("a", "b", "c")
    house.source.script = {"a": seen("TRAINING"), **dict.fromkeys("bc", Refused(reason="HTTP 403"))}
    async with planned(house) as poller:
        for _ in range(10):
            await settle_down(poller)
            house.clock.pass_(60)
    assert await house.transitions() == ["WATCHED"]


async def test_the_refusal_of_a_single_job_is_its_own(house: House) -> None:
    await house.watch("a")
    house.source.script = {"a": Refused(reason="HTTP 403")}
    async with planned(house) as poller:
        for _ in range(8):
            await settle_down(poller)
            house.clock.pass_(3600)
    assert await house.transitions() == []


async def test_a_source_that_is_blind_because_all_is_refused_does_not_recover_by_a_restart(house: House) -> None:
    await house.watch("a", "b")
    house.source.script = dict.fromkeys("ab", Refused(reason="HTTP 403"))
    for _ in range(3):
        async with planned(house) as poller:
            for _ in range(6):
                await settle_down(poller)
                house.clock.pass_(600)
    assert await house.transitions() == ["BLIND"]


async def test_a_restart_tells_nobody_twice_that_a_source_is_blind(house: House) -> None:
    await house.watch("a")
    house.source.script["a"] = Denied(reason="401", after=5.0)
    for _ in range(3):
        async with house.poller() as poller:
            await settle_down(poller)
        house.clock.pass_(60)
    assert await house.transitions() == ["BLIND"]


async def test_an_outage_is_told_when_it_lasts_and_not_for_a_few_errors(house: House) -> None:
    jobs = [f"job{number}" for number in range(10)]
    await house.watch(*jobs)
    house.source.script = dict.fromkeys(jobs, Failed(kind="outage", reason="HTTP 502"))
    async with house.poller() as poller:
        await settle_down(poller)
        assert await house.transitions() == []
        house.clock.pass_(16)
        await settle_down(poller)
    assert await house.transitions() == ["BLIND"]


async def test_throttling_holds_the_whole_source_for_as_long_as_asked(house: House) -> None:
    await house.watch("a", "b", "c")
    house.source.script = dict.fromkeys("abc", Failed(kind="throttled", reason="HTTP 429", after=30.0))
    async with house.poller(concurrency=1) as poller:
        await settle_down(poller)
        assert len(house.source.asked) == 1
        house.source.script = dict.fromkeys("abc", seen("TRAINING"))
        house.clock.pass_(29)
        await settle_down(poller)
        assert len(house.source.asked) == 1
        house.clock.pass_(1)
        await settle_down(poller)
        house.clock.pass_(30)
        await settle_down(poller)
    assert sorted(await house.transitions()) == ["WATCHED"] * 3


async def test_a_full_disk_delays_what_was_fetched_and_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.watch("a")
    house.source.script["a"] = seen("TRAINING")
    async with house.poller() as poller:
        await poller.round()
        await eventually(lambda: not poller.seats.working)
        with monkeypatch.context() as patch:
            patch.setattr(type(house.store.ledger), "record", _full)
            for _ in range(3):
                with pytest.raises(StoreFull):
                    await poller.round()
        await settle_down(poller)
    assert await house.transitions() == ["WATCHED"]
    assert len(house.source.asked) == 1


async def _full(*_: object) -> None:
    raise StoreFull("no space left")


async def test_a_job_that_was_paused_during_its_poll_stays_paused(house: House) -> None:
    await house.watch("a")
    house.source.script["a"] = seen("TRAINING")
    async with house.poller() as poller:
        await poller.round()
        await eventually(lambda: not poller.seats.working)
        await house.store.registry.pause(house.source.name, "a")
        await settle_down(poller)
        house.clock.pass_(3600)
        await settle_down(poller)
    assert await house.transitions() == ["WATCHED"]
    assert len(house.source.asked) == 1


async def test_a_bug_met_by_one_job_stops_no_other_and_is_logged(house: House) -> None:
    await house.watch("good", "bad")
    house.source.script["good"] = seen("TRAINING")  # "bad" is not in the script: a KeyError
    async with house.poller() as poller:
        await settle_down(poller)
    assert await house.transitions() == ["WATCHED"]
    assert (await house.job("bad")).last_error == "internal error, see the log"


async def test_an_event_that_no_route_names_is_recorded_and_owed_to_nobody(house: House) -> None:
    await house.watch("a")
    house.source.script["a"] = seen("TRAINING", "CREATE")
    picky = rules(routes=[Route(notify=("backend",), on=("CREATE",))])
    async with house.poller(with_rules=picky) as poller:
        await settle_down(poller)
    assert await house.transitions() == ["WATCHED", "CREATE"]
    assert [row.transition for row in await house.owed()] == ["CREATE"]


async def test_closing_gives_unpolled_jobs_back_at_once(house: House) -> None:
    await house.watch(*(f"job{number}" for number in range(10)))
    waiting = anyio.Event()

    async def before(_: Target) -> None:
        await waiting.wait()

    house.source.before = before
    house.source.script = {f"job{number}": seen("TRAINING") for number in range(10)}
    async with house.poller(concurrency=2) as poller:
        await poller.round()
        await eventually(lambda: len(house.source.asked) == 2)
        poller.shift.close()
        await poller.round()
        again = await house.store.ledger.claim(house.source.name, now=house.clock.now(), until=START + 60, limit=100)
        assert len(again) == 8
        waiting.set()
        await eventually(lambda: not poller.seats.working)
        await poller.round()
    assert len(await house.transitions()) == 2


async def test_a_job_that_an_answer_leads_to_is_watched_in_its_own_source(house: House) -> None:
    await house.watch("a")
    leading = seen("TRAINING")
    fields = {"name": "Test Name", "voice_train_job_id": "voice1"}
    house.source.script["a"] = leading._replace(snapshot=leading.snapshot._replace(fields=fields))
    async with house.poller(with_rules=rules(follow={"voice_train_job_id": "voices"})) as poller:
        await settle_down(poller)
    followed = (await house.store.archive.job("voices", "voice1")).row
    assert (followed.watching, followed.origins) == (True, ("discovery",))


async def test_what_a_short_budget_has_left_over_goes_to_jobs_that_are_not_due_yet(house: House) -> None:
    jobs = [f"job{number}" for number in range(8)]
    await house.watch(*jobs)
    house.source.script = dict.fromkeys(jobs, seen("TRAINING"))
    parts = house.parts()
    async with house.poller(parts=parts) as poller:
        await settle_down(poller)
        parts.governor.plan = plan(await _demand(house), rate=0.1, sweep="detail")
        house.clock.pass_(EVERY["active"] - 1)
        await settle_down(poller)
        assert len(house.source.asked) == len(jobs)  # no sooner than was wished
        house.clock.pass_(1)
        await settle_down(poller)
        assert len(house.source.asked) == 2 * len(jobs)
        due_at = (await house.job("job0")).due_at or 0.0
        assert due_at > house.clock.now() + 2 * EVERY["active"]
        house.clock.pass_(EVERY["active"])
        await settle_down(poller)
        assert len(house.source.asked) == 3 * len(jobs)  # none was due


async def test_a_budget_that_is_enough_asks_about_no_job_before_it_is_due(house: House) -> None:
    await house.watch("a")
    house.source.script["a"] = seen("TRAINING")
    parts = house.parts()
    async with house.poller(parts=parts) as poller:
        await settle_down(poller)
        parts.governor.plan = plan(await _demand(house), rate=1.0, sweep="detail")
        async with house.store.database.writing() as transaction:
            await transaction.execute(text("UPDATE jobs SET due_at = due_at + 1000"))
        house.clock.pass_(900)
        await settle_down(poller)
    assert len(house.source.asked) == 1


async def _demand(house: House) -> Demand:
    return Demand(groups=tuple(await house.store.roll.groups("prod", EVERY)), every=EVERY["active"], listed=None)
