"""List pages: whose state moved, who is new, who is gone. The source is a scripted list; the storage is real."""

from itertools import chain

import pytest

from poller.core.plan import PAGE
from poller.core.reading import Absent, Denied, Failed, Listed, Listing, ListQuery, Page, Refused
from poller.core.snapshot import Snapshot
from poller.engine.discovery import Discovery
from tests.engine.conftest import House, Parts, settle_down
from tests.engine.stage import EVERY, START, rules, seen


class Upstream:
    """A list of jobs by creation time, and their details."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.states: dict[str, str] = {}
        self.fields: dict[str, dict[str, str]] = {}
        house.source.can_list = True
        house.source.pages = self.page

    def put(self, state: str, *job_ids: str) -> None:
        for job_id in job_ids:
            self.states[job_id] = state
            self.house.source.script[job_id] = seen(state)

    def page(self, query: ListQuery) -> Listing:
        every = [(job_id, state) for job_id, state in self.states.items() if not query.states or state in query.states]
        shown = every[query.offset : query.offset + query.limit]
        return Page(jobs=tuple(self.listed(*one) for one in shown), total=len(every), full=len(shown) == query.limit)

    def listed(self, job_id: str, state: str) -> Listed:
        snapshot = Snapshot(state=state, fields={"name": job_id} | self.fields.get(job_id, {}))
        return Listed(job_id=job_id, snapshot=snapshot, created_at=START)


@pytest.fixture
def upstream(house: House) -> Upstream:
    return Upstream(house)


async def looked_at(house: House, parts: Parts) -> None:
    async with house.poller(parts=parts) as poller:
        await settle_down(poller)


async def test_a_state_that_moved_is_asked_about_at_once_and_told(house: House, upstream: Upstream) -> None:
    jobs = [f"job{number:03d}" for number in range(250)]
    upstream.put("TRAINING", *jobs)
    await house.watch(*jobs)
    parts = house.parts(sweep="list")
    await looked_at(house, parts)
    asked = len(house.source.asked)
    upstream.put("JOB_SUCCESS", "job007", "job233")
    await parts.sweeper().sweep()
    await looked_at(house, parts)
    assert [target.job_id for target in house.source.asked[asked:]] == ["job007", "job233"]
    assert (await house.transitions())[-2:] == ["JOB_SUCCESS", "JOB_SUCCESS"]
    assert [(query.offset, query.limit) for query in house.source.queries] == [(0, PAGE), (100, PAGE), (200, PAGE)]


async def test_an_unchanged_list_costs_its_pages_and_not_one_detail_call(house: House, upstream: Upstream) -> None:
    jobs = [f"job{number:03d}" for number in range(150)]
    upstream.put("TRAINING", *jobs)
    await house.watch(*jobs)
    parts = house.parts(sweep="list")
    await looked_at(house, parts)
    asked = len(house.source.asked)
    for _ in range(3):
        await parts.sweeper().sweep()
    await looked_at(house, parts)
    assert (len(house.source.asked), len(house.source.queries)) == (asked, 6)


async def test_a_job_that_left_the_pages_is_missing_only_after_detail_calls_say_so(
    house: House, upstream: Upstream
) -> None:
    upstream.put("TRAINING", "stays", "hidden", "gone")
    await house.watch("stays", "hidden", "gone")
    parts = house.parts(sweep="list")
    await looked_at(house, parts)
    del upstream.states["hidden"], upstream.states["gone"]
    house.source.script["gone"] = Absent(reason="404")
    sweeper = parts.sweeper()
    for _ in range(3):
        await sweeper.sweep()
        await looked_at(house, parts)
        house.clock.pass_(20)
    assert (await house.transitions())[3:] == ["MISSING"]
    assert (await house.job("gone")).missing


async def test_a_first_look_by_a_page_loses_no_change_before_the_first_detail_call(
    house: House, upstream: Upstream
) -> None:
    upstream.put("AUTO_VERIFYING", "a")
    await house.watch("a")
    parts = house.parts(sweep="list")
    await parts.sweeper().sweep()
    assert await house.transitions() == []
    upstream.put("TRAINING", "a")
    await parts.sweeper().sweep()
    await looked_at(house, parts)
    told = await house.events()
    assert [event.transition for event in told] == ["WATCHED", "TRAINING"]
    assert told[1].data["previous_state"] == "AUTO_VERIFYING"


async def test_a_lagging_list_causes_no_event_and_ever_fewer_calls(house: House, upstream: Upstream) -> None:
    upstream.put("TRAINING", "a")
    await house.watch("a")
    parts = house.parts(sweep="list")
    await looked_at(house, parts)
    upstream.states["a"] = "AUTO_VERIFYING"  # the list is behind, the details are not
    sweeper = parts.sweeper()
    calls = []
    for _ in range(16):
        asked = len(house.source.asked)
        await sweeper.sweep()
        await looked_at(house, parts)
        calls.append(len(house.source.asked) - asked)
    assert await house.transitions() == ["WATCHED"]
    assert [sweep for sweep, made in enumerate(calls, 1) if made] == [1, 2, 4, 8, 16]


async def test_a_page_that_fails_is_asked_for_again_and_the_sweep_goes_on(house: House, upstream: Upstream) -> None:
    jobs = [f"job{number:03d}" for number in range(250)]
    upstream.put("TRAINING", *jobs)
    trouble = iter([Failed(kind="outage", reason="HTTP 502")])

    def pages(query: ListQuery) -> Listing:
        return next(trouble, upstream.page(query)) if query.offset == 100 else upstream.page(query)

    house.source.pages = pages
    await house.parts(sweep="list").sweeper().sweep()
    assert [query.offset for query in house.source.queries] == [0, 100, 100, 200]


@pytest.mark.parametrize("no", [Refused(reason="HTTP 403"), Denied(reason="HTTP 401", after=5.0)])
async def test_a_list_that_is_not_for_us_ends_the_sweep_and_hurries_nobody(
    house: House, upstream: Upstream, no: Listing
) -> None:
    upstream.put("TRAINING", "a")
    await house.watch("a")
    parts = house.parts(sweep="list")
    await looked_at(house, parts)
    house.source.pages = lambda _: no
    asked = len(house.source.asked)
    await parts.sweeper().sweep()
    await looked_at(house, parts)
    assert len(house.source.asked) == asked


async def test_discovery_watches_what_it_wants_and_remembers_what_was_removed(house: House, upstream: Upstream) -> None:
    upstream.put("TRAINING", "spring", "autumn", "untagged")
    upstream.fields = {"spring": {"batch_name": "spring-1"}, "autumn": {"batch_name": "autumn-1"}}
    parts = house.parts(sweep="list")
    sweeper = parts.sweeper(Discovery(batch_names=("spring-*",)))
    await sweeper.sweep()
    await looked_at(house, parts)
    assert [target.job_id for target in house.source.asked] == ["spring"]
    await house.store.registry.remove(house.source.name, "spring", now=house.clock.now())
    await sweeper.sweep()
    await looked_at(house, parts)
    assert len(house.source.asked) == 1


async def test_a_discovered_job_that_is_younger_than_the_watch_is_told_from_its_beginning(
    house: House, upstream: Upstream
) -> None:
    upstream.put("TRAINING", "old", "young")
    for job_id, year in (("old", "2020"), ("young", "2030")):
        answer = seen("TRAINING", "CREATE")
        fields = {"create_time": f"{year}-01-01T00:00:00Z"}
        house.source.script[job_id] = answer._replace(snapshot=answer.snapshot._replace(fields=fields))
    parts = house.parts(sweep="list", with_rules=rules(first_sight="summary"))
    await parts.learner.load()
    await parts.sweeper(Discovery()).sweep()
    await looked_at(house, parts)
    told = {
        job: [event.transition for event in await house.events() if event.job_id == job] for job in ("old", "young")
    }
    assert told == {"old": ["WATCHED"], "young": ["WATCHED", "CREATE"]}


async def test_a_deletion_between_two_pages_loses_nobody(house: House, upstream: Upstream) -> None:
    jobs = [f"job{number:03d}" for number in range(300)]
    upstream.put("TRAINING", *jobs)
    await house.watch(*jobs)
    parts = house.parts(sweep="list")
    await looked_at(house, parts)
    upstream.put("JOB_SUCCESS", "job100")  # the row that the deletion below pushes onto the page that was read already

    def pages(query: ListQuery) -> Listing:
        page = upstream.page(query)
        if query.offset == 0:
            upstream.states.pop("job000", None)
        return page

    house.source.pages = pages
    await parts.sweeper().sweep()
    await looked_at(house, parts)
    assert (await house.transitions())[-1] == "JOB_SUCCESS"


async def test_auto_reads_few_among_many_by_detail_and_many_among_few_by_list(house: House, upstream: Upstream) -> None:
    for watched, listed, by in [(3, 50_000, "detail"), (800, 1_000, "list")]:
        await house.watch(*(f"{by}{number}" for number in range(watched)))
        parts = house.parts(sweep="auto", rate=5.0)
        parts.governor.listed = listed
        assert (await parts.governor.decide()).mode == by


def test_only_what_both_criteria_match_is_discovered() -> None:
    wanted = Discovery(tags=("vip", "beta*"), batch_names=("spring-*",), created_within=3600.0)
    tags = [[], ["vip"], ["beta-2"], ["other"]]
    batches = ["spring-1", "autumn", None]
    ages = [0.0, 7200.0, None]
    found = [
        (tag, batch, age)
        for tag, batch, age in chain.from_iterable([[(t, b, a) for b in batches for a in ages] for t in tags])
        if wanted.wants(
            Listed(
                job_id="a",
                snapshot=Snapshot(state="TRAINING", fields={"tags": tag, "batch_name": batch}),
                created_at=None if age is None else START - age,
            ),
            START,
        )
    ]
    assert found == [(["vip"], "spring-1", 0.0), (["beta-2"], "spring-1", 0.0)]


async def test_the_list_is_narrowed_to_living_jobs_where_that_saves_pages_and_a_job_that_gets_done_is_told(
    house: House, upstream: Upstream
) -> None:
    upstream.put("JOB_FINISH", *(f"old{number:03d}" for number in range(300)))
    upstream.put("TRAINING", "a", "b")
    await house.watch("a", "b")
    house.source.living_states = ("TRAINING", "AUTO_VERIFYING")
    parts = house.parts(sweep="list", with_rules=rules(every=dict.fromkeys(EVERY, 0.01)))
    await looked_at(house, parts)
    sweeper = parts.sweeper()
    await sweeper.round()
    assert [query.states for query in house.source.queries] == [
        (),
        house.source.living_states,
        house.source.living_states,
    ]
    assert parts.governor.listed == 2
    upstream.put("JOB_SUCCESS", "a")
    await sweeper.sweep()
    await looked_at(house, parts)
    assert (await house.transitions())[-1] == "JOB_SUCCESS"


async def test_discovery_looks_at_the_whole_list(house: House, upstream: Upstream) -> None:
    upstream.put("JOB_FINISH", *(f"old{number:03d}" for number in range(150)))
    house.source.living_states = ("TRAINING",)
    quick = rules(every=dict.fromkeys(EVERY, 0.01))
    await house.parts(sweep="list", with_rules=quick).sweeper(Discovery()).round()
    assert {query.states for query in house.source.queries} == {()}
