"""What a notifier is owed: leases, order per job, what settling leaves. On both databases."""

import random

import pytest

from poller.core.delivery import Delivered, Gone
from poller.core.work import Told
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import HOOK, LEASE, after, deliver, event, fail, names, notice, owed, reject, tell

SOON = NOON + 5.0  # when the first retry of what failed at noon is due


async def test_what_is_owed_comes_with_its_event_and_is_leased(store: Store) -> None:
    await tell(store, "a", 1)
    [one] = await owed(store)
    assert one.event == event("a", 1)
    assert (one.delivery.state, one.delivery.attempts, one.delivery.event_id) == ("pending", 0, "a-1")
    assert await owed(store) == []
    assert await store.outbox.next_attempt("hook") is None
    assert names(await owed(store, now=NOON + LEASE)) == ["a-1"]


async def test_a_released_delivery_is_due_as_before(store: Store) -> None:
    await tell(store, "a", 1)
    [one] = await owed(store)
    await store.outbox.release([one.delivery.id])
    assert await store.outbox.next_attempt("hook") == NOON
    assert await owed(store) == [one]


async def test_each_notifier_has_its_own_queue(store: Store) -> None:
    await tell(store, "a", 1, notifiers=("hook", "mail"))
    await deliver(store, await owed(store))
    assert names(await owed(store, notifier="mail")) == ["a-1"]
    assert await owed(store, notifier="nobody") == []


async def test_no_more_is_claimed_than_asked_for_and_the_longest_due_first(store: Store) -> None:
    for number in range(6):
        await tell(store, f"job{number}", 1, now=NOON - number)
    assert names(await owed(store, limit=4)) == ["job5-1", "job4-1", "job3-1", "job2-1"]


async def test_events_without_a_job_do_not_wait_for_each_other(store: Store) -> None:
    for name in ("n1", "n2"):
        await store.ledger.announce(Told(event=notice(name), notifiers=HOOK))
    assert names(await owed(store)) == ["n1", "n2"]


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_later_event_of_a_job_is_not_tried_before_the_earlier_one(store: Store, ordered: bool) -> None:
    await tell(store, "a", 1, 2)
    await tell(store, "b", 1)
    first = await owed(store, ordered=ordered)
    assert names(first) == ["a-1", "b-1"]
    assert await owed(store, ordered=ordered) == []
    await deliver(store, first)
    assert names(await owed(store, ordered=ordered)) == ["a-2"]


async def test_ordered_a_later_event_waits_while_the_earlier_one_is_retried(store: Store) -> None:
    await tell(store, "a", 1, 2, 3)
    await fail(store, await owed(store))
    assert await owed(store) == []
    again = await owed(store, now=SOON)
    assert names(again) == ["a-1"]
    await deliver(store, again, now=SOON)
    assert names(await owed(store, now=SOON)) == ["a-2"]


async def test_unordered_a_later_event_is_tried_once_the_earlier_one_was(store: Store) -> None:
    await tell(store, "a", 1, 2, 3)
    await fail(store, await owed(store, ordered=False))
    second = await owed(store, ordered=False)
    assert names(second) == ["a-2"]
    await fail(store, second)
    assert names(await owed(store, now=SOON, ordered=False)) == ["a-3", "a-1", "a-2"]


async def test_ordered_a_later_event_goes_on_when_the_earlier_one_is_dead(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await reject(store, await owed(store))
    assert names(await owed(store)) == ["a-2"]


async def test_an_event_recorded_while_the_earlier_one_waits_takes_its_turn(store: Store) -> None:
    await tell(store, "a", 1)
    await fail(store, await owed(store))
    await tell(store, "a", 2, now=NOON + 1)
    assert await owed(store, now=NOON + 2) == []
    await deliver(store, await owed(store, now=SOON), now=SOON)
    assert names(await owed(store, now=SOON)) == ["a-2"]


async def test_a_lease_that_ran_out_keeps_the_order(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await owed(store)
    assert names(await owed(store, now=NOON + LEASE)) == ["a-1"]


async def test_a_disabled_notifier_keeps_its_delivery_pending(store: Store) -> None:
    await tell(store, "a", 1)
    [one] = await owed(store)
    await store.outbox.settle([after(one, Gone(reason="410"))])
    [again] = await owed(store)
    assert (again.delivery.attempts, again.delivery.last_error) == (1, "410")


async def test_settling_saves_attempts_error_and_next_time(store: Store) -> None:
    await tell(store, "a", 1)
    await fail(store, await owed(store))
    [row] = await store.archive.deliveries()
    assert (row.state, row.attempts, row.next_attempt_at, row.last_error, row.settled_at) == (
        "pending",
        1,
        SOON,
        "503",
        None,
    )
    await deliver(store, await owed(store, now=SOON), now=SOON)
    [row] = await store.archive.deliveries()
    assert (row.state, row.attempts, row.next_attempt_at, row.last_error, row.settled_at) == (
        "delivered",
        2,
        None,
        None,
        SOON,
    )


async def test_what_is_no_longer_pending_stays_as_it_is(store: Store) -> None:
    await tell(store, "a", 1)
    [one] = await owed(store)
    await reject(store, [one])
    await deliver(store, [one])
    [row] = await store.archive.deliveries()
    assert row.state == "dead"


async def test_what_waits_behind_a_failing_delivery_is_not_looked_at_again_and_again(store: Store) -> None:
    await tell(store, "a", *range(1, 301))
    await fail(store, await owed(store))
    looks = 0
    while await store.outbox.next_attempt("hook") != SOON:
        assert await owed(store, limit=10) == []
        looks += 1
    assert 1 <= looks <= 3
    await deliver(store, await owed(store, now=SOON), now=SOON)
    assert names(await owed(store, now=SOON)) == ["a-2"]


async def test_thousands_that_wait_for_their_turn_hold_up_no_other_job(store: Store) -> None:
    await tell(store, "many", *range(1, 5001))
    await tell(store, "other", 1, now=NOON + 1)
    told: list[str] = []
    for claims in range(8):
        claimed = await owed(store, now=NOON + 2 + claims, limit=4)
        told += names(claimed)
        await deliver(store, claimed[1:], now=NOON + 2 + claims)  # the first of the many takes its time
    assert "other-1" in told[:3]
    assert told[0] == "many-1"


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_every_event_is_told_and_first_attempts_are_in_order(
    store: Store, ordered: bool, seed: int
) -> None:
    dice = random.Random(seed)
    for job_id in "abc":
        await tell(store, job_id, *range(1, 6))
    now, first_tries, delivered, claimed = NOON, [], [], []
    for _ in range(300):
        now += dice.choice([0.0, 1.0, 7.0])
        claimed += await owed(store, now=now, limit=dice.choice([1, 3, 10]), ordered=ordered)
        dice.shuffle(claimed)
        one = claimed.pop() if claimed else None
        if one is None or dice.random() < 0.05:
            continue  # nothing to do, or killed in the middle: the lease will run out
        if one.delivery.attempts == 0:
            first_tries.append(one.event.id)
        if dice.random() < 0.4 and one.delivery.attempts < 2:
            await fail(store, [one], now=now)
        else:
            await store.outbox.settle([after(one, Delivered(), now=now)])
            delivered.append(one.event.id)
        if len(set(delivered)) == 15:
            break
    assert sorted(set(delivered)) == sorted(f"{job_id}-{number}" for job_id in "abc" for number in range(1, 6))
    for job_id in "abc":
        order = [name for name in dict.fromkeys(first_tries) if name.startswith(job_id)]
        assert order == sorted(order)
        if ordered:
            done = [name for name in dict.fromkeys(delivered) if name.startswith(job_id)]
            assert done == sorted(done)
