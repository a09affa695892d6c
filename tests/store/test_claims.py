"""Claiming jobs: who is due, for how long a lease lasts, when the next one is due. On both databases."""

from pathlib import Path

import anyio

from poller.core.vocabulary import CLASSES
from poller.core.work import Due, SourceHealth, Told
from poller.store.claiming import AND_MORE, LOOKED_AT
from poller.store.store import Store, open_store
from tests.core.samples import NOON
from tests.store.making import LEASE, changed, claim, notice, unchanged, watch


def ids(claimed: object) -> list[str]:
    assert isinstance(claimed, list)
    return [due.job_id for due in claimed if isinstance(due, Due)]


async def test_a_new_job_is_due_at_once_and_nothing_is_known_of_it(store: Store) -> None:
    await store.registry.add("prod", ["a"], now=NOON, labels={"team": "x"}, app_user_id="user")
    [due] = await claim(store)
    assert due == Due(
        key=due.key,
        source="prod",
        job_id="a",
        app_user_id="user",
        labels={"team": "x"},
        state=None,
        state_class="unknown",
        state_since=NOON,
        digest=None,
        revision=0,
        failures=0,
        absences=0,
        missing=False,
        due_at=NOON,
    )
    known = (await store.ledger.known([due.key]))[due.key]
    assert (known.snapshot, known.sequence, known.counts) == (None, 0, {})


async def test_the_longest_due_come_first_and_no_more_than_asked_for(store: Store) -> None:
    for number, job_id in enumerate("cab"):
        await watch(store, job_id, now=NOON - number)
    assert ids(await claim(store, limit=2)) == ["b", "a"]
    assert ids(await claim(store, limit=2)) == ["c"]


async def test_a_job_of_the_future_or_of_another_source_is_not_claimed(store: Store) -> None:
    await watch(store, "later", now=NOON + 1)
    await watch(store, "foreign", source="other")
    assert ids(await claim(store)) == []
    assert await store.ledger.next_due("prod") == NOON + 1


async def early(store: Store, *, rest: float = 30.0, now: float = NOON, limit: int = 100) -> list[str]:
    of_all = dict.fromkeys(CLASSES, rest)
    return ids(await store.ledger.claim_early("prod", rest=of_all, now=now, until=now + LEASE, limit=limit))


async def polled(store: Store, *job_ids: str, seen_at: float, due_at: float) -> None:
    """Watch these jobs, have each answer once, and all be due at the same time, one millisecond after the other."""
    await watch(store, *job_ids)
    found = await claim(store)
    polls = [unchanged(due, seen_at=seen_at, due_at=due_at + 0.001 * place) for place, due in enumerate(found)]
    assert await store.ledger.record(polls) == []


async def test_of_jobs_that_are_not_due_yet_those_are_claimed_early_that_are_due_next(store: Store) -> None:
    await polled(store, "later", seen_at=NOON - 31, due_at=NOON + 9000)
    await polled(store, "a", "b", "c", seen_at=NOON - 31, due_at=NOON + 60)
    assert await early(store, limit=2) == ["a", "b"]
    assert await early(store, limit=2) == ["c", "later"]
    assert await early(store) == []


async def test_a_job_is_claimed_early_once_it_has_rested_as_long_as_its_class_asks(store: Store) -> None:
    await watch(store, "active", "unknown")
    first, second = await claim(store)
    seen_at, due_at = NOON - 31, NOON + 60
    polls = [changed(first, now=seen_at, due_at=due_at), unchanged(second, seen_at=seen_at, due_at=due_at)]
    assert await store.ledger.record(polls) == []
    assert await early(store, rest=32.0) == []
    rest = dict.fromkeys(CLASSES, 32.0) | {"active": 31.0}
    found = await store.ledger.claim_early("prod", rest=rest, now=NOON, until=NOON + LEASE, limit=9)
    assert ids(found) == ["active"]
    assert await early(store, rest=31.0) == ["unknown"]


async def test_a_job_that_waits_for_an_instant_is_not_claimed_early(store: Store) -> None:
    await watch(store, "never seen", now=NOON + 60)
    await polled(
        store, "failed", "put off", "gone", "paused", "removed", "held", "fine", seen_at=NOON - 9, due_at=NOON - 1
    )
    by_id = {due.job_id: unchanged(due, due_at=NOON + 60)._replace(seen_at=None) for due in await claim(store)}
    by_id["failed"] = by_id["failed"]._replace(failures=1, error="HTTP 500")
    by_id["put off"] = by_id["put off"]._replace(error="HTTP 429")
    by_id["gone"] = by_id["gone"]._replace(absences=1, error="HTTP 404")
    del by_id["held"]
    assert await store.ledger.record(list(by_id.values())) == []
    await store.registry.pause("prod", "paused")
    await store.registry.remove("prod", "removed", now=NOON)
    await watch(store, "due")
    assert await early(store, rest=1.0) == ["fine"]


async def test_however_many_have_not_rested_a_claim_before_their_time_looks_at_few(store: Store) -> None:
    tired = [f"{number:03}" for number in range(LOOKED_AT + AND_MORE)]
    await polled(store, *tired, seen_at=NOON - 1, due_at=NOON + 60)
    await polled(store, "rested", seen_at=NOON - 31, due_at=NOON + 61)
    assert await early(store, limit=1) == []
    assert await early(store, limit=2) == ["rested"]


async def test_two_daemons_never_claim_a_job_early_both(store: Store) -> None:
    await polled(store, *(f"{number:03}" for number in range(100)), seen_at=NOON - 31, due_at=NOON + 60)
    claimed: list[str] = []

    async def take() -> None:
        while batch := await early(store, limit=7):
            claimed.extend(batch)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(take)
    assert sorted(claimed) == [f"{number:03}" for number in range(100)]


async def test_a_claimed_job_is_free_again_when_its_lease_runs_out(store: Store) -> None:
    await watch(store, "a")
    await claim(store)
    assert ids(await claim(store, now=NOON + LEASE - 1)) == []
    assert await store.ledger.next_due("prod") is None
    assert ids(await claim(store, now=NOON + LEASE)) == ["a"]


async def test_however_many_are_held_the_next_claim_finds_those_that_are_due_after_them(store: Store) -> None:
    names = [f"{number:04}" for number in range(3000)]
    await store.registry.add("prod", names, now=NOON, spread=30.0)
    claimed = [ids(await claim(store, now=NOON + 30, limit=1100)) for _ in range(4)]
    assert [len(found) for found in claimed] == [1100, 1100, 800, 0]
    assert sorted(job_id for found in claimed for job_id in found) == names
    assert await store.ledger.next_due("prod") is None


async def test_on_sqlite_a_claim_is_remembered_and_not_written(file: Path) -> None:
    async with open_store(file) as store:
        await watch(store, "a", "b")
        before = [one.read_bytes() for one in sorted(file.parent.iterdir()) if one.name.endswith((".db", "-wal"))]
        assert before
        [first, second] = await claim(store)
        assert await early(store) == []
        await store.ledger.release([second.key])
        after = [one.read_bytes() for one in sorted(file.parent.iterdir()) if one.name.endswith((".db", "-wal"))]
        assert after == before
        assert ids(await claim(store)) == [second.job_id]
        assert store.database.held.keys("jobs") == sorted([first.key, second.key])
    async with open_store(file) as store:
        assert len(await claim(store)) == 2


async def test_a_released_job_is_due_as_before(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.release([due.key])
    assert await store.ledger.next_due("prod") == NOON
    assert await claim(store) == [due]


async def test_jobs_added_with_a_spread_are_due_evenly_over_it(store: Store) -> None:
    await store.registry.add("prod", [f"{number:04}" for number in range(2000)], now=NOON, spread=40.0)
    quarters = [len(await claim(store, now=NOON + second, limit=5000)) for second in (10, 20, 30, 40)]
    assert sum(quarters) == 2000
    assert all(abs(quarter - 500) <= 1 for quarter in quarters)


async def test_claims_at_the_same_time_never_share_a_job(store: Store) -> None:
    await watch(store, *(f"{number:03}" for number in range(100)))
    claimed: list[str] = []

    async def take() -> None:
        while batch := await claim(store, limit=7):
            claimed.extend(due.job_id for due in batch)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(take)
    assert sorted(claimed) == [f"{number:03}" for number in range(100)]


async def test_a_forgotten_job_is_never_due(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([unchanged(due, due_at=0.0)._replace(due_at=None)])
    assert ids(await claim(store, now=NOON * 2)) == []
    assert await store.ledger.next_due("prod") is None


async def test_a_claim_shows_what_the_last_poll_left(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([changed(due, state="TRAINING")])
    [due] = await claim(store, now=NOON + 40)
    assert (due.state, due.state_class, due.digest, due.revision) == ("TRAINING", "active", b"d" * 16, 1)
    await store.ledger.record(
        [unchanged(due, due_at=NOON, seen_at=None)._replace(failures=2, absences=1, error="HTTP 500")]
    )
    [due] = await claim(store, now=NOON + 80)
    assert (due.failures, due.absences, due.digest, due.revision) == (2, 1, b"d" * 16, 1)


async def test_the_health_of_a_source_is_what_was_announced_last(store: Store) -> None:
    assert await store.ledger.health("prod") == SourceHealth()
    blind = SourceHealth(blind_since=NOON, reason="credentials refused")
    await store.ledger.announce(Told(event=notice("n1"), notifiers=()), source="prod", health=blind)
    assert await store.ledger.health("prod") == blind
    await store.ledger.announce(Told(event=notice("n2"), notifiers=()), source="prod", health=SourceHealth())
    assert await store.ledger.health("prod") == SourceHealth()
    assert await store.ledger.health("other") == SourceHealth()
