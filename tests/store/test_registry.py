"""Which jobs are watched: what operators and the file do to the list. On both databases."""

from collections.abc import Sequence

import pytest

from poller.core.listing import JobFilter, JobRow
from poller.errors import NotFound, UsageError
from poller.store import registry
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import changed, claim, due_of, event, unchanged, watch

LATER = NOON + 1000.0
ALL = JobFilter(removed=True)


async def polled(store: Store, now: float = LATER) -> list[str]:
    """Who would be polled, given back at once."""
    claimed = await claim(store, now=now)
    await store.ledger.release([due.key for due in claimed])
    return sorted(due.job_id for due in claimed)


async def row(store: Store, job_id: str) -> JobRow:
    return (await store.archive.job("prod", job_id)).row


async def add(store: Store, *job_ids: str, labels: dict[str, str] | None = None) -> int:
    return await store.registry.add("prod", job_ids, now=NOON, labels=labels)


async def sync(store: Store, job_ids: Sequence[str]) -> int:
    return await store.registry.sync_file("prod", job_ids, now=NOON + 1)


async def test_adding_counts_what_is_new_and_may_be_repeated(store: Store) -> None:
    assert await add(store, "a", "b", "a") == 2
    assert await add(store, "b", "c") == 1
    assert await add(store) == 0
    assert await polled(store) == ["a", "b", "c"]


async def test_labels_are_added_to_those_a_job_has(store: Store) -> None:
    await add(store, "a", labels={"team": "x", "tier": "1"})
    assert await add(store, "a", labels={"team": "y"}) == 0
    assert (await row(store, "a")).labels == {"team": "y", "tier": "1"}


async def test_a_removed_job_keeps_its_history_and_goes_on_with_it(store: Store) -> None:
    await add(store, "a")
    await store.ledger.record([changed(await due_of(store, "a"), event("a", 1))])
    await store.registry.remove("prod", "a", now=LATER)
    assert await polled(store) == []
    assert await store.archive.jobs() == []
    assert [(one.job_id, one.removed_at, one.origins) for one in await store.archive.jobs(ALL)] == [("a", LATER, ())]
    assert await add(store, "a") == 1
    [due] = await claim(store)
    assert (due.state, due.revision) == ("TRAINING", 1)
    assert (await store.ledger.known([due.key]))[due.key].sequence == 1


async def test_a_job_that_is_added_again_although_forgotten_is_polled_again(store: Store) -> None:
    await add(store, "a")
    due = await due_of(store, "a")
    await store.ledger.record([unchanged(due, due_at=NOON)._replace(due_at=None)])
    assert await polled(store) == []
    assert await sync(store, ["a"]) == 0
    assert await polled(store) == []
    assert await add(store, "a") == 0
    assert await polled(store) == ["a"]


async def test_a_paused_job_is_not_polled_until_it_is_resumed(store: Store) -> None:
    await add(store, "a")
    await store.registry.pause("prod", "a")
    await add(store, "a", labels={"x": "y"})
    assert await polled(store) == []
    assert (await row(store, "a")).paused
    await store.registry.resume("prod", "a")
    assert await polled(store) == ["a"]


async def test_a_job_can_be_made_due_at_once(store: Store) -> None:
    await add(store, "a")
    await store.ledger.record([unchanged(await due_of(store, "a"), due_at=LATER * 2)])
    assert await polled(store) == []
    await store.registry.poll_now("prod", "a", now=LATER)
    assert await polled(store) == ["a"]


async def test_a_paused_job_is_not_made_due(store: Store) -> None:
    await add(store, "a")
    await store.registry.pause("prod", "a")
    with pytest.raises(UsageError, match=r"job a of source prod is paused; `poller jobs resume`"):
        await store.registry.poll_now("prod", "a", now=LATER)


async def test_a_job_that_nobody_knows_is_not_found(store: Store) -> None:
    reg = store.registry
    for attempt in (
        reg.remove("prod", "x", now=NOON),
        reg.pause("prod", "x"),
        reg.resume("prod", "x"),
        reg.poll_now("prod", "x", now=NOON),
        store.archive.job("prod", "x"),
    ):
        with pytest.raises(NotFound, match="no job x of source prod"):
            await attempt


async def test_a_removed_job_is_neither_paused_nor_polled(store: Store) -> None:
    await add(store, "a")
    await store.registry.remove("prod", "a", now=NOON)
    reg = store.registry
    for attempt in (reg.pause("prod", "a"), reg.resume("prod", "a"), reg.poll_now("prod", "a", now=NOON)):
        with pytest.raises(NotFound, match="job a of source prod is not watched any more"):
            await attempt


async def test_jobs_of_the_file_come_and_go_with_it(store: Store) -> None:
    assert await sync(store, ["a", "b"]) == 2
    assert await sync(store, ["b", "c"]) == 1
    assert await polled(store) == ["b", "c"]
    assert (await row(store, "a")).removed_at == NOON + 1
    assert await sync(store, ["a"]) == 1
    assert await polled(store) == ["a"]
    assert await sync(store, []) == 0
    assert await polled(store) == []


async def test_a_job_that_was_also_added_stays_when_it_leaves_the_file(store: Store) -> None:
    await sync(store, ["a", "b"])
    await add(store, "a")
    await store.registry.pause("prod", "b")
    await sync(store, [])
    assert await polled(store) == ["a"]
    assert ((await row(store, "a")).origins, (await row(store, "b")).paused) == (("request",), False)


async def test_the_file_has_the_last_word_about_a_job_that_was_removed(store: Store) -> None:
    await sync(store, ["a"])
    await store.registry.remove("prod", "a", now=NOON)
    assert await sync(store, ["a"]) == 1
    assert await polled(store) == ["a"]


async def test_a_file_that_did_not_change_writes_nothing(store: Store) -> None:
    await sync(store, ["a", "b"])
    before = await store.archive.jobs()
    assert await sync(store, ["b", "a"]) == 0
    assert await store.archive.jobs() == before


async def test_jobs_of_other_sources_are_left_alone(store: Store) -> None:
    await watch(store, "a", source="other")
    await sync(store, ["a"])
    await sync(store, [])
    assert [(one.source, one.watching) for one in await store.archive.jobs(ALL)] == [("other", True), ("prod", False)]


async def test_many_jobs_are_added_in_bounded_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BATCH", 10)
    assert await add(store, *(f"{number:03}" for number in range(95))) == 95
    assert await sync(store, [f"{number:03}" for number in range(50, 120)]) == 25
    assert await sync(store, []) == 0
    assert len(await polled(store)) == 95


async def test_lists_are_paged_and_filtered(store: Store) -> None:
    await add(store, "aa1", "aa2", "ba1", labels={"team": "x"})
    await store.ledger.record([changed(await due_of(store, "ba1"), event("ba1", 1))])
    first = await store.archive.jobs(limit=2)
    assert [one.job_id for one in first] == ["aa1", "aa2"]
    assert [one.job_id for one in await store.archive.jobs(after=first[-1].key)] == ["ba1"]
    picks = {
        JobFilter(text="AA"): ["aa1", "aa2"],
        JobFilter(text="est na"): ["ba1"],
        JobFilter(text="%"): [],
        JobFilter(state="TRAINING"): ["ba1"],
        JobFilter(state_class="unknown"): ["aa1", "aa2"],
        JobFilter(source="other"): [],
        JobFilter(job_id="aa2"): ["aa2"],
    }
    assert {pick: [one.job_id for one in await store.archive.jobs(pick)] for pick in picks} == picks


async def test_counts_tell_states_and_what_is_overdue(store: Store) -> None:
    await add(store, "a", "b", "c", "d")
    await store.ledger.record([changed(await due_of(store, "a"), event("a", 1), due_at=LATER)])
    await store.registry.pause("prod", "d")
    counted = await store.archive.count_jobs(now=LATER)
    found = {(one.source, one.state_class, one.state): (one.jobs, one.overdue) for one in counted}
    assert found == {("prod", "active", "TRAINING"): (1, 0), ("prod", "unknown", None): (2, 0)}
    await store.ledger.release([one.key for one in await store.archive.jobs()])
    assert sum(one.overdue for one in await store.archive.count_jobs(now=LATER)) == 2
