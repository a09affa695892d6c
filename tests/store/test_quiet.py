"""Deliveries that wait for the end of quiet hours, and those that are silenced. On both databases."""

from poller.core.bundling import Window
from poller.core.event import Event
from poller.core.listing import DeliveryFilter
from poller.core.route import Route
from poller.core.silence import NewSilence
from poller.core.work import Poll, Told
from poller.store.store import Store
from tests.core.samples import NOON
from tests.store.making import changed, claim, deliver, event, names, notice, owed, reject, tell, watch

HOUR = 3600.0
MORNING = NOON + 8 * HOUR


async def tell_quietly(store: Store, job_id: str, *sequences: int, loud: bool = False, now: float = NOON) -> None:
    """Have these events of a job recorded; unless they are `loud` they wait for the morning."""
    await store.registry.add("prod", [job_id], now=now)
    await store.registry.poll_now("prod", job_id, now=0.0)
    [due] = await claim(store, now=1.0, limit=1)
    poll: Poll = changed(due, *[event(job_id, sequence, now=now) for sequence in sequences], now=now, due_at=now + 30)
    assert poll.change is not None
    not_before = {} if loud else {"hook": MORNING}
    told = tuple(one._replace(not_before=not_before, urgent=True) for one in poll.change.told)
    assert await store.ledger.record([poll._replace(change=poll.change._replace(told=told))]) == []


async def test_what_waits_for_the_morning_is_due_then_in_order_and_not_before(store: Store) -> None:
    await tell_quietly(store, "a", 1, 2)
    assert await owed(store, now=MORNING - 1) == []
    assert await store.outbox.next_attempt("hook") == MORNING
    first = await owed(store, now=MORNING)
    assert names(first) == ["a-1"]
    await deliver(store, first, now=MORNING)
    assert names(await owed(store, now=MORNING)) == ["a-2"]


async def test_an_attempt_that_ends_calls_nothing_up_before_the_morning(store: Store) -> None:
    await tell_quietly(store, "a", 1, loud=True)
    first = await owed(store)
    await tell_quietly(store, "a", 2)
    await deliver(store, first)
    assert await owed(store, now=MORNING - 1) == []
    assert names(await owed(store, now=MORNING)) == ["a-2"]


async def test_what_does_not_wait_takes_along_what_waits_before_it_and_of_no_other_job(store: Store) -> None:
    await tell_quietly(store, "b", 1)
    await tell_quietly(store, "a", 1)
    await tell_quietly(store, "a", 2, loud=True, now=NOON + HOUR)
    first = await owed(store, now=NOON + HOUR)
    assert names(first) == ["a-1"]
    await deliver(store, first, now=NOON + HOUR)
    assert names(await owed(store, now=NOON + HOUR)) == ["a-2"]


async def test_changed_quiet_hours_let_go_what_they_hold_no_longer_and_hold_nothing_longer(store: Store) -> None:
    for job_id in ("free", "earlier", "as before"):
        await tell_quietly(store, job_id, 1)
    ends: dict[str, float | None] = {"free": None, "earlier": MORNING - HOUR, "as before": MORNING}
    asked: list[tuple[str, float]] = []

    def until(one: Event, notifier: str, before: float) -> float | None:
        asked.append((notifier, before))
        return ends[one.subject]

    assert await store.backlog.reconsider(until, now=NOON + 60) == 2
    assert asked == [("hook", MORNING)] * 3
    free = await owed(store, now=NOON + 60)
    assert names(free) == ["free-1"]
    await deliver(store, free, now=NOON + 60)
    assert await store.outbox.next_attempt("hook") == MORNING - HOUR
    earlier = await owed(store, now=MORNING - HOUR)
    assert names(earlier) == ["earlier-1"]
    await deliver(store, earlier, now=MORNING - HOUR)
    assert names(await owed(store, now=MORNING)) == ["as before-1"]
    assert await store.backlog.reconsider(until, now=MORNING) == 0


async def test_an_operator_who_retries_does_not_wait_for_the_morning(store: Store) -> None:
    await tell_quietly(store, "a", 1)
    assert await store.backlog.retry(DeliveryFilter(notifier="hook"), now=NOON) == 1
    assert names(await owed(store)) == ["a-1"]


async def test_what_waits_is_collected_when_it_may_be_told(store: Store) -> None:
    await tell_quietly(store, "a", 1, 2)
    window = Window(shared="job", seconds=60.0)

    async def claimed(now: float) -> list[list[str]]:
        found = await store.outbox.claim("hook", now=now, until=now + 60, limit=10, ordered=True, window=window)
        return [[one.id for one in each.notification.events] for each in found]

    assert await claimed(MORNING - 1) == []
    assert await claimed(MORNING + 1) == []
    assert await claimed(MORNING + 61) == [["a-1", "a-2"]]


async def silence(store: Store, *, ends_at: float = NOON + HOUR, **which: object) -> int:
    new = NewSilence(
        which=Route(notify=(), **which),  # type: ignore[arg-type]  # a test names its criteria
        job_ids=(),
        author="alice",
        comment="the house is moved",
        ends_at=ends_at,
    )
    return (await store.silences.add(new, now=NOON)).id


async def test_what_is_silenced_is_recorded_and_owed_to_nobody_and_says_by_whom(store: Store) -> None:
    number = await silence(store, on=("state:TRAINING",), labels={})
    await tell(store, "a", 1)
    await store.ledger.announce(Told(event=notice("blind"), notifiers=("hook",)))
    rows = {row.event_id: row for row in await store.archive.deliveries()}
    assert (rows["a-1"].state, rows["a-1"].attempts) == ("discarded", 0)
    assert rows["a-1"].last_error == f"silenced by alice (silence {number}): the house is moved"
    assert rows["blind"].state == "pending"
    assert names(await owed(store)) == ["blind"]


async def test_what_was_silenced_holds_back_no_later_event_and_can_be_retried(store: Store) -> None:
    await silence(store, on=("*",), ends_at=NOON + 1)
    await tell(store, "a", 1)
    await tell(store, "a", 2, now=NOON + 2)
    assert names(await owed(store, now=NOON + 2)) == ["a-2"]
    [row] = await store.archive.deliveries(DeliveryFilter(state="discarded"))
    assert await store.backlog.retry(DeliveryFilter(ids=(row.id,)), now=NOON + 2) == 1


async def test_a_silence_that_is_expired_silences_nothing_more_and_stays_to_be_seen(store: Store) -> None:
    number = await silence(store, batch_names=("*",), on=("*",))
    assert await store.silences.expire([number], now=NOON + 5) == 1
    assert await store.silences.expire([number], now=NOON + 6) == 0
    [one] = await store.archive.silences()
    assert (one.ends_at, one.which.batch_names, one.which.on) == (NOON + 5, ("*",), ("*",))


async def test_a_fallback_is_owed_what_failed_often_enough_or_died_once(store: Store) -> None:
    from poller.core.delivery import Rejected, Retry
    from poller.core.work import Fallback
    from tests.store.making import after

    fallback = Fallback(notifier="ops", after=2)
    await watch(store, "a")
    await tell(store, "a", 1)
    await tell(store, "b", 1)
    first, second = await owed(store)
    await store.outbox.settle([after(first, Retry(reason="503"))], fallback=fallback)
    await store.outbox.settle([after(second, Rejected(reason="no"))], fallback=fallback)
    assert names(await owed(store, notifier="ops")) == ["b-1"]
    [again] = await owed(store, now=NOON + 10)
    await store.outbox.settle([after(again, Retry(reason="503"), now=NOON + 10)], fallback=fallback)
    assert names(await owed(store, notifier="ops")) == ["a-1"]
    [last] = await owed(store, now=NOON + 1000)
    await store.outbox.settle([after(last, Retry(reason="503"), now=NOON + 1000)], fallback=fallback)
    assert len(await store.archive.deliveries(DeliveryFilter(notifier="ops"))) == 2


async def test_what_was_never_tried_is_handed_over_when_it_is_old_enough(store: Store) -> None:
    from poller.core.work import Fallback

    fallback = Fallback(notifier="ops", after=2)
    await tell(store, "a", 1)
    await tell(store, "b", 1, now=NOON + 100)
    asked = {"after": 0, "limit": 10}
    seen = await store.outbox.hand_over("hook", fallback, before=NOON + 50, **asked)
    assert len(seen) == 1
    assert await store.outbox.hand_over("hook", fallback, before=NOON + 50, after=seen[-1], limit=10) == []
    await store.outbox.hand_over("hook", fallback, before=NOON + 50, **asked)
    assert [row.event_id for row in await store.archive.deliveries(DeliveryFilter(notifier="ops"))] == ["a-1"]
    await reject(store, await owed(store, notifier="ops"))
