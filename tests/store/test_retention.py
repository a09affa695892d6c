"""Removal of what is old: bounded, and never of what is owed. On both databases."""

import pytest

from poller.core.route import Route
from poller.core.silence import NewSilence
from poller.core.tending import Tending
from poller.core.work import Tended, Told
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import changed, claim, deliver, event, notice, owed, reject, tell, watch

DAY = 86400.0
KEEP = {"events": 3 * DAY, "snapshots": 2 * DAY, "deliveries": DAY}


async def prune(store: Store, *, days: float, limit: int = 100) -> int:
    return await store.retention.prune(now=NOON + days * DAY, limit=limit, **KEEP)


async def left(store: Store) -> dict[str, int]:
    rows = (await store.archive.size()).rows
    return {table: rows[table] for table in ("events", "snapshots", "deliveries", "known")}


async def test_each_kind_is_removed_at_its_own_age(store: Store) -> None:
    await tell(store, "a", 1)
    await deliver(store, await owed(store))
    assert (await prune(store, days=0.9), await left(store)) == (
        0,
        {"events": 1, "snapshots": 1, "deliveries": 1, "known": 1},
    )
    assert (await prune(store, days=1.1), await left(store)) == (
        1,
        {"events": 1, "snapshots": 1, "deliveries": 0, "known": 1},
    )
    assert (await prune(store, days=2.1), await left(store)) == (
        1,
        {"events": 1, "snapshots": 0, "deliveries": 0, "known": 1},
    )
    assert (await prune(store, days=3.1), await left(store)) == (
        1,
        {"events": 0, "snapshots": 0, "deliveries": 0, "known": 1},
    )


async def test_a_pending_delivery_and_its_event_stay_however_old(store: Store) -> None:
    await tell(store, "a", 1, notifiers=("hook", "mail"))
    await reject(store, await owed(store))
    await prune(store, days=1000)
    assert await left(store) == {"events": 1, "snapshots": 0, "deliveries": 1, "known": 1}
    await deliver(store, await owed(store, notifier="mail", now=NOON + 1000 * DAY), now=NOON + 1000 * DAY)
    await prune(store, days=1000.5)
    assert await left(store) == {"events": 0, "snapshots": 0, "deliveries": 0, "known": 1}


async def test_one_bite_is_bounded_and_the_next_goes_on(store: Store) -> None:
    for number in range(25):
        await store.ledger.announce(Told(event=notice(f"n{number}"), notifiers=()))
    assert [await prune(store, days=10, limit=10) for _ in range(4)] == [10, 10, 5, 0]


async def test_a_job_whose_history_is_gone_is_still_compared_with_what_is_known(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([changed(due, event("a", 1), notifiers=())])
    assert await prune(store, days=100) == 2
    known = (await store.ledger.known([due.key]))[due.key]
    assert known.snapshot is not None
    assert known.sequence == 1


async def test_tidying_up_while_idle_does_no_harm(store: Store) -> None:
    await tell(store, "a", 1)
    await store.retention.idle()
    assert (await store.archive.size()).journal_bytes == 0
    await deliver(store, await owed(store))
    assert (await store.archive.size()).rows["deliveries"] == 1


@pytest.mark.parametrize("age", [-5.0, 0.0])
async def test_the_boundary_belongs_to_what_is_kept(store: Store, age: float) -> None:
    await store.ledger.announce(Told(event=notice("n"), notifiers=()))
    assert await store.retention.prune(now=NOON + age, events=0.0, snapshots=0.0, deliveries=0.0, limit=10) == 0


async def test_silences_that_are_over_and_care_that_has_ended_go_with_the_events(store: Store) -> None:
    await watch(store, "a")
    [row] = await store.archive.jobs()
    tending = Tending(opened_at=NOON, told_at=NOON)
    await store.care.open([(row.key, Tended(route="r", tending=tending, at=NOON, new=True))])
    new = NewSilence(which=Route(notify=(), on=("*",)), job_ids=(), author="a", comment="c", ends_at=NOON + 10)
    await store.silences.add(new, now=NOON)
    ages = {"events": 100.0, "snapshots": 1e9, "deliveries": 1e9}
    assert await store.retention.prune(now=NOON + 105, limit=100, **ages) == 0
    assert await store.retention.prune(now=NOON + 115, limit=100, **ages) == 1  # a tending that is open stays
    await store.care.close([(row.key, Tended(route="r", tending=None, at=NOON + 120))])
    assert await store.retention.prune(now=NOON + 230, limit=100, **ages) == 1
