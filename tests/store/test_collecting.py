"""What is told together: windows that follow from the rows, bundles that keep what is in them. On both databases."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from poller.core.bundling import LARGEST, Window, bundle_id
from poller.core.notices import test_event as make_test_event
from poller.core.work import Owed, Told
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import HOOK, LEASE, changed, deliver, event, fail, names, notice, reject, tell, watch

BY_JOB = Window(shared="job", seconds=30.0)
DIGEST = Window(shared="recipient", seconds=600.0)
BY_BATCH = Window(shared="batch_name", seconds=600.0)
TO = ("a@example.com",)


async def together(
    store: Store,
    window: Window | None,
    *,
    now: float,
    recipients: Sequence[str] = ("",),
    limit: int = 100,
    ordered: bool = True,
) -> list[Owed]:
    return list(
        await store.outbox.claim(
            "hook", now=now, until=now + LEASE, limit=limit, ordered=ordered, recipients=recipients, window=window
        )
    )


def told(claimed: Sequence[Owed]) -> list[list[str]]:
    return [[one.id for one in owed.notification.events] for owed in claimed]


async def tell_batch(store: Store, job_id: str, batch: str, *, now: float = NOON) -> None:
    """One event of a job of this batch."""
    await watch(store, job_id)
    await store.registry.poll_now("prod", job_id, now=0.0)
    [due] = await store.ledger.claim("prod", now=1.0, until=2.0, limit=1)
    poll = changed(due, event(job_id, 1, now=now), now=now)
    assert poll.change is not None
    assert poll.change.known.snapshot is not None
    snapshot = poll.change.known.snapshot._replace(fields={"batch_name": batch})
    known = poll.change.known._replace(snapshot=snapshot)
    assert await store.ledger.record([poll._replace(change=poll.change._replace(known=known))]) == []


async def test_events_of_one_job_within_the_window_are_told_together(store: Store) -> None:
    await tell(store, "a", 1)
    await tell(store, "b", 1, now=NOON + 1)
    await tell(store, "a", 2, now=NOON + 29)
    assert await together(store, BY_JOB, now=NOON + 29.5) == []
    assert told(await together(store, BY_JOB, now=NOON + 30)) == [["a-1", "a-2"]]
    await tell(store, "a", 3, now=NOON + 30)
    assert told(await together(store, BY_JOB, now=NOON + 31)) == [["b-1"]]


async def test_the_end_of_a_window_is_when_to_look_again(store: Store) -> None:
    await tell(store, "a", 1)
    await tell(store, "a", 2, now=NOON + 20)
    assert await together(store, BY_JOB, now=NOON + 20) == []
    assert await store.outbox.next_attempt("hook") == NOON + 30


async def test_a_bundle_is_named_by_its_events_and_one_event_by_itself(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await tell(store, "b", 1)
    claimed = await together(store, BY_JOB, now=NOON + 30)
    assert [one.notification.id for one in claimed] == [bundle_id(["a-1", "a-2"]), "b-1"]
    assert {row.event_id: row.bundle for row in await store.archive.deliveries()} == {
        "a-1": bundle_id(["a-1", "a-2"]),
        "a-2": bundle_id(["a-1", "a-2"]),
        "b-1": None,
    }


async def test_whatever_is_recorded_after_the_window_an_attempt_tells_the_same_events(store: Store) -> None:
    await tell(store, "a", 1, 2)
    first = await together(store, BY_JOB, now=NOON + 30)
    await tell(store, "a", 3, now=NOON + 31)
    assert told(await together(store, BY_JOB, now=NOON + 30 + LEASE)) == told(first)  # the lease ran out: it was killed
    await store.outbox.release([delivery.id for delivery in first[0].deliveries])
    assert [one.notification for one in await together(store, None, now=NOON + 40)] == [first[0].notification]


async def test_all_of_a_bundle_end_together(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await tell(store, "b", 1, 2)
    first, second = await together(store, BY_JOB, now=NOON + 30)
    await fail_all(store, first, now=NOON + 30)
    await store.outbox.settle([replace(one, state="delivered", next_attempt_at=None) for one in second.deliveries])
    rows = {row.event_id: row for row in await store.archive.deliveries()}
    assert {(rows[id_].state, rows[id_].attempts, rows[id_].next_attempt_at) for id_ in ("a-1", "a-2")} == {
        ("pending", 1, NOON + 35)
    }
    assert {rows[id_].state for id_ in ("b-1", "b-2")} == {"delivered"}


async def fail_all(store: Store, owed: Owed, *, now: float) -> None:
    for delivery in owed.deliveries:
        await fail(store, [replace(owed, deliveries=(delivery,))], now=now)


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_later_bundle_of_a_job_waits_for_the_earlier_one(store: Store, ordered: bool) -> None:
    await tell(store, "a", 1, 2)
    [first] = await together(store, BY_JOB, now=NOON + 30, ordered=ordered)
    await tell(store, "a", 3, 4, now=NOON + 31)
    assert await together(store, BY_JOB, now=NOON + 61, ordered=ordered) == []
    await fail_all(store, first, now=NOON + 61)
    expected = [["a-1", "a-2"]] if ordered else [["a-1", "a-2"], ["a-3", "a-4"]]
    assert sorted(told(await together(store, BY_JOB, now=NOON + 66, ordered=ordered))) == expected


async def test_a_digest_has_what_all_jobs_told_within_its_window(store: Store) -> None:
    await tell(store, "a", 1)
    await tell(store, "b", 1, 2, now=NOON + 500)
    await store.ledger.announce(Told(event=notice("n1", now=NOON + 599), notifiers=HOOK))
    assert await together(store, DIGEST, now=NOON + 599, recipients=TO) == []
    [one] = await together(store, DIGEST, now=NOON + 600, recipients=TO)
    assert told([one]) == [["a-1", "b-1", "b-2", "n1"]]
    assert one.notification.recipient == TO[0]


async def test_each_recipient_gets_a_digest(store: Store) -> None:
    await tell(store, "a", 1, 2)
    both = ("a@example.com", "b@example.com")
    claimed = await together(store, DIGEST, now=NOON + 600, recipients=both)
    assert [(one.notification.recipient, names([one]), len(one.deliveries)) for one in claimed] == [
        (recipient, ["a-1"], 2) for recipient in both
    ]


async def test_a_digest_waits_while_any_of_its_jobs_has_something_earlier_to_tell(store: Store) -> None:
    await tell(store, "a", 1)
    [first] = await together(store, DIGEST, now=NOON + 600, recipients=TO)
    await fail_all(store, first, now=NOON + 600)
    await tell(store, "b", 1, now=NOON + 601)
    await tell(store, "a", 2, now=NOON + 602)
    again = await together(store, DIGEST, now=NOON + 1201, recipients=TO)
    assert told(again) == [["a-1"]]
    await deliver(store, again, now=NOON + 1201)
    assert told(await together(store, DIGEST, now=NOON + 1201, recipients=TO)) == [["b-1", "a-2"]]


async def test_a_digest_for_each_batch(store: Store) -> None:
    for job_id, batch in (("a", "spring"), ("b", "autumn"), ("c", "spring")):
        await tell_batch(store, job_id, batch)
    await store.ledger.announce(Told(event=notice("n1"), notifiers=HOOK))
    claimed = await together(store, BY_BATCH, now=NOON + 600, recipients=TO)
    assert sorted(told(claimed)) == [["a-1", "c-1"], ["b-1"], ["n1"]]


async def test_events_without_a_job_are_not_kept_for_their_kind(store: Store) -> None:
    await store.ledger.announce(Told(event=notice("n1"), notifiers=HOOK))
    assert told(await together(store, BY_JOB, now=NOON)) == [["n1"]]


@pytest.mark.parametrize("window", [BY_JOB, DIGEST])
async def test_a_test_waits_for_nothing(store: Store, window: Window) -> None:
    test = make_test_event("hook", now=NOON)
    await tell(store, "a", 1)
    await store.ledger.announce(Told(event=test, notifiers=HOOK))
    assert told(await together(store, window, now=NOON, recipients=TO)) == [[test.id]]


async def test_a_bundle_has_bounds_and_the_rest_follows_at_once(store: Store) -> None:
    await tell(store, "a", *range(1, LARGEST + 4))
    [first] = await together(store, BY_JOB, now=NOON + 30)
    assert len(first.deliveries) == LARGEST
    await deliver_all(store, [first])
    [second] = await together(store, BY_JOB, now=NOON + 30)
    assert told([second]) == [[f"a-{number}" for number in range(LARGEST + 1, LARGEST + 4)]]


async def deliver_all(store: Store, claimed: Sequence[Owed], *, now: float = NOON) -> None:
    for one in claimed:
        for delivery in one.deliveries:
            await deliver(store, [replace(one, deliveries=(delivery,))], now=now)


async def test_without_a_window_what_was_being_collected_goes_at_once_and_bundles_stay(store: Store) -> None:
    await tell(store, "a", 1, 2)
    [bundle] = await together(store, BY_JOB, now=NOON + 30)
    await store.outbox.release([one.id for one in bundle.deliveries])
    await tell(store, "b", 1, now=NOON + 40)
    assert sorted(told(await together(store, None, now=NOON + 40))) == [["a-1", "a-2"], ["b-1"]]


@pytest.mark.parametrize("shorter", [None, replace(DIGEST, seconds=30.0)])
async def test_a_window_that_is_made_shorter_or_taken_away_ends_sooner(store: Store, shorter: Window | None) -> None:
    await tell(store, "a", 1)
    assert await together(store, DIGEST, now=NOON, recipients=TO) == []
    assert await store.outbox.next_attempt("hook", recipients=TO) == NOON + 600
    assert told(await together(store, shorter, now=NOON + 30, recipients=TO)) == [["a-1"]]


async def test_what_was_tried_by_itself_before_there_was_a_window_stays_by_itself(store: Store) -> None:
    await tell(store, "a", 1, 2)
    await fail(store, await together(store, None, now=NOON))
    assert told(await together(store, BY_JOB, now=NOON + 60)) == [["a-1"]]


async def test_discarding_one_of_a_bundle_leaves_the_others_under_another_name(store: Store) -> None:
    from poller.core.listing import DeliveryFilter

    await tell(store, "a", 1, 2, 3)
    [bundle] = await together(store, BY_JOB, now=NOON + 30)
    await store.outbox.release([one.id for one in bundle.deliveries])
    await store.backlog.discard(DeliveryFilter(event_ids=("a-2",)), now=NOON)
    [left] = await together(store, BY_JOB, now=NOON + 40)
    assert told([left]) == [["a-1", "a-3"]]
    assert left.notification.id == bundle_id(["a-1", "a-3"])


async def test_a_dead_bundle_that_is_retried_is_told_together_again(store: Store) -> None:
    from poller.core.listing import DeliveryFilter

    await tell(store, "a", 1, 2)
    [bundle] = await together(store, BY_JOB, now=NOON + 30)
    for delivery in bundle.deliveries:
        await reject(store, [replace(bundle, deliveries=(delivery,))])
    assert await store.backlog.retry(DeliveryFilter(state="dead"), now=NOON + 50) == 2
    [again] = await together(store, BY_JOB, now=NOON + 50)
    assert again.notification == bundle.notification


@pytest.mark.parametrize("window", [BY_JOB, DIGEST])
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_nothing_is_lost_and_what_bears_one_name_is_the_same(
    store: Store, window: Window, seed: int
) -> None:
    dice = random.Random(seed)
    window = replace(window, seconds=20.0)
    now, sequences, delivered = NOON, dict.fromkeys("abc", 0), []
    contents: dict[str, list[str]] = {}
    for _ in range(200):
        now += dice.choice([0.0, 1.0, 7.0])
        if max(sequences.values()) < 12:
            job_id = dice.choice("abc")
            sequences[job_id] += 1
            await tell(store, job_id, sequences[job_id], now=now)
        claimed = await together(store, window, now=now, recipients=TO, limit=dice.choice([1, 3]))
        for one in claimed:
            ids = [event_.id for event_ in one.notification.events]
            assert contents.setdefault(one.notification.id, ids) == ids
            if dice.random() < 0.2:
                continue  # killed in the middle: the lease will run out
            if dice.random() < 0.4 and one.delivery.attempts < 2:
                await fail_all(store, one, now=now)
            else:
                await deliver_all(store, [one], now=now)
                delivered += ids
    now += 1000.0
    for _ in range(20):
        now += LEASE
        for one in await together(store, window, now=now, recipients=TO):
            await deliver_all(store, [one], now=now)
            delivered += [event_.id for event_ in one.notification.events]
    expected = [f"{job_id}-{number}" for job_id, last in sequences.items() for number in range(1, last + 1)]
    assert sorted(dict.fromkeys(delivered)) == sorted(expected)
    for job_id in "abc":
        done = [int(id_.split("-")[1]) for id_ in dict.fromkeys(delivered) if id_.startswith(job_id)]
        assert done == sorted(done)
