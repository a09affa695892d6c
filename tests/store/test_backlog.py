"""`deliveries retry` and `deliveries discard`. On both databases."""

import pytest

from poller.core.delivery import DeliveryState
from poller.core.listing import DeliveryFilter
from poller.errors import NotFound
from poller.store import backlog
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import deliver, event, fail, names, owed, reject, tell

LATER = NOON + 1000.0


async def dead(store: Store, *job_ids: str) -> None:
    for job_id in job_ids:
        await tell(store, job_id, 1)
    await reject(store, await owed(store))


async def states(store: Store) -> dict[str, DeliveryState]:
    return {row.event_id: row.state for row in await store.archive.deliveries()}


async def test_a_dead_delivery_starts_anew_when_it_is_retried(store: Store) -> None:
    await dead(store, "a")
    assert await store.backlog.retry(DeliveryFilter(state="dead", notifier="hook"), now=LATER) == 1
    [row] = await store.archive.deliveries()
    assert (row.state, row.attempts, row.next_attempt_at, row.settled_at) == ("pending", 0, LATER, None)
    assert row.last_error == "no such mailbox"
    assert names(await owed(store, now=LATER)) == ["a-1"]


async def test_a_waiting_delivery_is_due_at_once_when_it_is_retried(store: Store) -> None:
    await tell(store, "a", 1)
    await fail(store, await owed(store))
    assert await store.backlog.retry(DeliveryFilter(notifier="hook"), now=NOON + 1) == 1
    assert names(await owed(store, now=NOON + 1)) == ["a-1"]


async def test_delivered_ones_are_never_sent_again(store: Store) -> None:
    await tell(store, "a", 1)
    await deliver(store, await owed(store))
    [row] = await store.archive.deliveries()
    assert await store.backlog.retry(DeliveryFilter(ids=(row.id,)), now=LATER) == 0
    assert await store.backlog.discard(DeliveryFilter(state="delivered"), now=LATER) == 0
    assert await states(store) == {"a-1": "delivered"}


async def test_what_was_given_up_comes_back_only_by_name(store: Store) -> None:
    await dead(store, "a")
    assert await store.backlog.discard(DeliveryFilter(notifier="hook"), now=LATER) == 1
    assert await states(store) == {"a-1": "discarded"}
    assert await store.backlog.retry(DeliveryFilter(notifier="hook"), now=LATER) == 0
    assert await store.backlog.retry(DeliveryFilter(state="discarded"), now=LATER) == 1
    assert await states(store) == {"a-1": "pending"}


async def test_an_attempt_under_way_is_left_to_itself_by_retry_and_overruled_by_discard(store: Store) -> None:
    await tell(store, "a", 1)
    claimed = await owed(store)
    assert await store.backlog.retry(DeliveryFilter(notifier="hook"), now=NOON) == 0
    assert await store.backlog.discard(DeliveryFilter(notifier="hook"), now=NOON) == 1
    await fail(store, claimed)
    assert await states(store) == {"a-1": "discarded"}


async def test_what_waited_for_a_discarded_delivery_is_due(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await fail(store, await owed(store))
    assert await owed(store) == []
    [first] = await store.archive.deliveries(DeliveryFilter(state="pending"), before=2)
    await store.backlog.discard(DeliveryFilter(ids=(first.id,)), now=NOON)
    assert names(await owed(store)) == ["a-2"]


async def test_a_retried_delivery_comes_before_the_later_ones_of_its_job(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await reject(store, await owed(store))
    await store.backlog.retry(DeliveryFilter(state="dead"), now=NOON + 1)
    assert names(await owed(store, now=NOON + 2)) == ["a-1"]


async def test_filters_pick_by_id_state_notifier_and_time(store: Store) -> None:
    await tell(store, "a", 1, notifiers=("hook", "mail"))
    await tell(store, "b", 1, now=NOON + 10)
    await reject(store, await owed(store, now=NOON + 10))
    ids = tuple(row.id for row in await store.archive.deliveries())
    picks = {
        DeliveryFilter(): 3,
        DeliveryFilter(state="dead"): 2,
        DeliveryFilter(state="dead", since=NOON + 1): 1,
        DeliveryFilter(notifier="mail"): 1,
        DeliveryFilter(ids=ids[:1]): 1,
        DeliveryFilter(ids=()): 0,
        DeliveryFilter(ids=(999,)): 0,
    }
    assert {pick: await store.backlog.count(pick) for pick in picks} == picks


async def test_many_are_changed_in_bounded_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BATCH", 10)
    await tell(store, "a", *range(1, 36))
    assert await store.backlog.discard(DeliveryFilter(), now=NOON) == 35
    assert set((await states(store)).values()) == {"discarded"}


async def test_a_delivery_is_shown_with_its_event(store: Store) -> None:
    await dead(store, "a")
    [row] = await store.archive.deliveries()
    detail = await store.archive.delivery(row.id)
    assert (detail.row, detail.event) == (row, event("a", 1))
    assert (row.job_id, row.transition, row.source, row.last_error) == ("a", "TRAINING", "prod", "no such mailbox")
    with pytest.raises(NotFound, match="no delivery 999"):
        await store.archive.delivery(999)


async def test_counts_tell_what_is_owed_to_whom(store: Store) -> None:
    await dead(store, "a")
    await tell(store, "b", 1, 2, now=NOON + 10, notifiers=("hook", "mail"))
    counts = {one.notifier: (one.pending, one.dead, one.oldest) for one in await store.archive.count_deliveries()}
    assert counts == {"hook": (2, 1, NOON + 10), "mail": (2, 0, NOON + 10)}
