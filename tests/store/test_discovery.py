"""Jobs that the upstream lists are watched by themselves, unless an operator said no. On both databases."""

from poller.core.listing import JobFilter
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import changed, claim, due_of, event, watch

LATER = NOON + 1000.0


async def discover(store: Store, *job_ids: str) -> int:
    return await store.roll.discover("prod", job_ids, now=LATER)


async def origins(store: Store) -> dict[str, tuple[str, ...]]:
    return {row.job_id: row.origins for row in await store.archive.jobs(JobFilter(removed=True))}


async def polled(store: Store) -> list[str]:
    claimed = await claim(store, now=LATER)
    await store.ledger.release([due.key for due in claimed])
    return sorted(due.job_id for due in claimed)


async def test_what_is_listed_is_watched_and_due_at_once(store: Store) -> None:
    assert await discover(store, "a", "b", "a") == 2
    assert await discover(store, "b", "c") == 1
    assert await discover(store) == 0
    assert await polled(store) == ["a", "b", "c"]
    assert set((await origins(store)).values()) == {("discovery",)}


async def test_jobs_that_are_watched_for_another_reason_are_left_as_they_are(store: Store) -> None:
    await watch(store, "added", "paused")
    await store.registry.sync_file("prod", ["filed"], now=NOON)
    await store.registry.pause("prod", "paused")
    before = await store.archive.jobs()
    assert await discover(store, "added", "paused", "filed") == 0
    assert await store.archive.jobs() == before


async def test_a_job_that_an_operator_removed_is_not_discovered_again(store: Store) -> None:
    await discover(store, "a")
    await store.registry.remove("prod", "a", now=LATER)
    assert await discover(store, "a") == 0
    assert await polled(store) == []


async def test_removing_a_discovered_job_that_is_in_the_file_is_remembered_too(store: Store) -> None:
    await store.registry.sync_file("prod", ["a"], now=NOON)
    await store.registry.remove("prod", "a", now=NOON)
    await store.registry.sync_file("prod", [], now=NOON)
    assert await discover(store, "a") == 0


async def test_adding_a_removed_job_by_hand_or_file_revives_it(store: Store) -> None:
    await discover(store, "by hand", "by file")
    for job_id in ("by hand", "by file"):
        await store.registry.remove("prod", job_id, now=LATER)
    await store.registry.add("prod", ["by hand"], now=LATER)
    await store.registry.sync_file("prod", ["by file"], now=LATER)
    assert await polled(store) == ["by file", "by hand"]
    met = await store.roll.met("prod", ["by hand", "by file"])
    assert [one.removed for one in met.values()] == [False, False]


async def test_a_job_that_has_left_the_file_is_discovered_and_goes_on_with_its_history(store: Store) -> None:
    await store.registry.sync_file("prod", ["a"], now=NOON)
    await store.ledger.record([changed(await due_of(store, "a"), event("a", 1))])
    await store.registry.sync_file("prod", [], now=NOON)
    assert (await store.roll.met("prod", ["a"]))["a"].removed is False
    assert await discover(store, "a") == 1
    [due] = await claim(store, now=LATER)
    assert (due.state, due.revision, due.discovered) == ("TRAINING", 1, True)


async def test_a_discovered_job_stays_when_it_comes_into_the_file_and_leaves_it(store: Store) -> None:
    await discover(store, "a")
    await store.registry.sync_file("prod", ["a"], now=LATER)
    assert await origins(store) == {"a": ("file", "discovery")}
    await store.registry.sync_file("prod", [], now=LATER)
    assert await polled(store) == ["a"]
