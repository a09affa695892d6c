"""How long jobs are in a state. On both databases."""

from dataclasses import replace

from poller.core.event import Event
from poller.core.job import NEVER_SEEN, Known
from poller.core.jsonvalue import Json
from poller.core.vocabulary import StateClass
from poller.core.work import Change, Told
from poller.store import staying
from poller.store.store import Store
from tests.core.samples import NOON, look, snapshot
from tests.store.making import changed, claim, due_of, event, unchanged, watch

HOUR = 3600.0


async def see(
    store: Store, job_id: str, state: str, state_class: StateClass = "active", *, now: float = NOON, stuck: bool = False
) -> None:
    """Have the job seen in `state` since `now`, unless it is in it already."""
    due = await due_of(store, job_id, now=now)
    known = (await store.ledger.known([due.key]))[due.key]
    after = look(known, snapshot(state), now=now).known
    poll = changed(due, known=after, now=now, due_at=now)
    assert poll.change is not None
    poll = poll._replace(change=poll.change._replace(state_class=state_class, stuck=stuck))
    assert await store.ledger.record([poll]) == []
    await store.ledger.release([row.key for row in await store.archive.jobs()])


async def stuck(store: Store, *, now: float = NOON + 2 * HOUR, limit: int = 100, **limits: float) -> dict[str, float]:
    found = await store.roll.stuck("prod", limits, now=now, limit=limit)
    return {one.job_id: one.limit for one in found}


async def test_a_job_is_stuck_when_it_is_longer_in_a_state_than_its_limit(store: Store) -> None:
    await store.registry.add("prod", ["old", "young", "elsewhere", "never seen"], now=NOON, labels={"team": "x"})
    await see(store, "old", "TRAINING")
    await see(store, "young", "TRAINING", now=NOON + 1.5 * HOUR)
    await see(store, "elsewhere", "UPLOADING")
    [found] = await store.roll.stuck("prod", {"TRAINING": HOUR}, now=NOON + 2 * HOUR, limit=10)
    row = (await store.archive.job("prod", "old")).row
    assert (found.key, found.source, found.job_id, found.labels) == (row.key, "prod", "old", {"team": "x"})
    assert (found.state, found.state_since, found.revision, found.limit) == ("TRAINING", NOON, 1, HOUR)
    assert await store.roll.stuck("other", {"TRAINING": HOUR}, now=NOON + 2 * HOUR, limit=10) == []


async def test_the_limit_of_a_state_counts_more_than_that_of_its_class(store: Store) -> None:
    await watch(store, "training", "uploading", "failed", "never seen")
    await see(store, "training", "TRAINING")
    await see(store, "uploading", "UPLOADING")
    await see(store, "failed", "TRAINING_FAILED", "failed")
    assert await stuck(store, active=HOUR) == {"training": HOUR, "uploading": HOUR}
    assert await stuck(store, active=HOUR, TRAINING=5 * HOUR) == {"uploading": HOUR}
    assert await stuck(store, active=5 * HOUR, TRAINING=HOUR) == {"training": HOUR}
    assert await stuck(store, active=0.5 * HOUR, TRAINING=HOUR) == {"training": HOUR, "uploading": 0.5 * HOUR}
    assert await stuck(store, unknown=1.0) == {}
    assert await stuck(store) == {}


async def test_no_more_are_found_than_asked_for(store: Store) -> None:
    await watch(store, "a", "b", "c")
    for job_id, state in (("a", "TRAINING"), ("b", "TRAINING"), ("c", "UPLOADING")):
        await see(store, job_id, state)
    assert len(await stuck(store, TRAINING=HOUR, UPLOADING=HOUR, limit=2)) == 2
    assert len(await stuck(store, TRAINING=HOUR, UPLOADING=HOUR, limit=3)) == 3


async def test_a_job_is_told_as_stuck_once_in_each_stay(store: Store) -> None:
    await watch(store, "a")
    await see(store, "a", "TRAINING")
    await see(store, "a", "TRAINING", stuck=True, now=NOON + HOUR)
    assert await stuck(store, TRAINING=HOUR) == {}
    await see(store, "a", "TRAINING", now=NOON + 2 * HOUR)
    assert await stuck(store, TRAINING=HOUR, now=NOON + 3 * HOUR) == {}
    await see(store, "a", "UPLOADING", now=NOON + 3 * HOUR)
    await see(store, "a", "TRAINING", now=NOON + 4 * HOUR)
    assert await stuck(store, TRAINING=HOUR, now=NOON + 4.5 * HOUR) == {}
    assert await stuck(store, TRAINING=HOUR, now=NOON + 6 * HOUR) == {"a": HOUR}


async def test_jobs_that_are_paused_removed_or_missing_are_not_stuck(store: Store) -> None:
    await watch(store, "paused", "removed", "missing")
    for job_id in ("paused", "removed", "missing"):
        await see(store, job_id, "TRAINING")
    due = await due_of(store, "missing")
    known = (await store.ledger.known([due.key]))[due.key]._replace(missing=True)
    await store.ledger.record([changed(due, known=known)])
    await store.registry.pause("prod", "paused")
    await store.registry.remove("prod", "removed", now=NOON)
    assert await stuck(store, TRAINING=HOUR, active=HOUR) == {}
    await store.registry.resume("prod", "paused")
    assert await stuck(store, active=HOUR) == {"paused": HOUR}


async def remark(store: Store, job_id: str, told: Event, *, revision: int = 1, is_stuck: bool = True) -> bool:
    row = (await store.archive.job("prod", job_id)).row
    known: Known = (await store.ledger.known([row.key]))[row.key]
    change = Change(
        known=known._replace(sequence=told.sequence or 0),
        state_class="active",
        delta={},
        told=(Told(event=told, notifiers=("hook",)),),
        stuck=is_stuck,
    )
    return await store.ledger.remark(row.key, revision, change)


async def test_a_remark_tells_of_a_job_and_leaves_its_lease_and_due_time(store: Store) -> None:
    await watch(store, "a")
    await see(store, "a", "TRAINING")
    await claim(store)
    before = (await store.archive.job("prod", "a")).row
    assert await remark(store, "a", event("a", 1))
    after = (await store.archive.job("prod", "a")).row
    assert after == replace(before, revision=2, sequence=1)
    assert await stuck(store, TRAINING=HOUR) == {}
    [owed] = await store.outbox.claim("hook", now=NOON, until=NOON + 60, limit=9, ordered=True)
    assert owed.event.id == "a-1"


async def test_a_remark_about_the_past_of_a_job_is_refused(store: Store) -> None:
    await watch(store, "a")
    await see(store, "a", "TRAINING")
    assert not await remark(store, "a", event("a", 1), revision=0)
    assert await store.archive.events() == []
    assert await stuck(store, TRAINING=HOUR) == {"a": HOUR}


def left(job_id: str, sequence: int, state: str, seconds: float) -> Event:
    data: dict[str, Json] = {"transition": "UPLOADING", "previous_state": state, "seconds_in_previous_state": seconds}
    return event(job_id, sequence, transition="UPLOADING")._replace(data=data)


async def test_the_stays_of_other_jobs_in_a_state_are_known_newest_first(store: Store) -> None:
    await watch(store, "a", "b")
    await watch(store, "c", source="other")
    first, second = await claim(store)
    await store.ledger.record([changed(first, left("a", 1, "TRAINING", 10.0), left("a", 2, "CREATED", 5.0))])
    await store.ledger.record([changed(second, left("b", 1, "TRAINING", 20.0), event("b", 2))])
    assert await store.roll.usual_stays("prod", "TRAINING") == [20.0, 10.0]
    assert await store.roll.usual_stays("prod", "CREATED") == [5.0]
    assert await store.roll.usual_stays("other", "TRAINING") == []


async def test_only_the_newest_stays_count(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    events = [left("a", number, "TRAINING", float(number)) for number in range(1, staying.STAYS + 3)]
    await store.ledger.record([changed(due, *events)])
    stays = await store.roll.usual_stays("prod", "TRAINING")
    assert (len(stays), stays[0], stays[-1]) == (staying.STAYS, staying.STAYS + 2.0, 3.0)


async def test_a_change_that_was_refused_ends_no_stay(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    poll = changed(due, left("a", 1, "TRAINING", 10.0))._replace(revision=7)
    assert await store.ledger.record([poll]) == [due.key]
    assert await store.roll.usual_stays("prod", "TRAINING") == []


async def test_stays_are_pruned_like_events(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([changed(due, left("a", 1, "TRAINING", 10.0), notifiers=())])
    for age, expected in ((100.0, [10.0]), (10.0, [])):
        await store.retention.prune(now=NOON + 50, events=age, snapshots=1e9, deliveries=1e9, limit=10)
        assert await store.roll.usual_stays("prod", "TRAINING") == expected


async def test_the_first_look_at_a_job_ends_no_stay(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    change = look(NEVER_SEEN, snapshot("TRAINING"))
    await store.ledger.record([changed(due, *change.events, known=change.known)])
    await store.ledger.record([unchanged(await due_of(store, "a", now=NOON + 40), due_at=NOON + 80)])
    assert await store.roll.usual_stays("prod", "TRAINING") == []
