"""Which jobs wait for somebody, and how far batches are. On both databases."""

from poller.core.batch import Batch
from poller.core.job import NEVER_SEEN
from poller.core.notices import batch_done
from poller.core.tending import Tending, TendingPlan
from poller.core.work import NotifierHealth, Tended, Told
from poller.store.store import Store
from tests.core.samples import NOON, look, snapshot
from tests.store.making import changed, claim, event, notice, watch

PLAN = TendingPlan(remind_every=100.0, escalate_after=250.0, escalate_to=("boss",))
ROUTE = "r"


async def fail(store: Store, job_id: str) -> int:
    """A job of the batch `spring` is seen to have failed; gives its key."""
    await watch(store, job_id)
    [due] = [one for one in await claim(store) if one.job_id == job_id]
    known = look(NEVER_SEEN, snapshot("TRAIN_FAILED", fields={"batch_name": "spring"}), now=NOON).known
    poll = changed(due, event(job_id, 1, transition="TRAIN_FAILED"), known=known)
    assert poll.change is not None
    assert await store.ledger.record([poll._replace(change=poll.change._replace(state_class="failed"))]) == []
    return due.key


def opening(now: float = NOON) -> Tended:
    return Tended(route=ROUTE, tending=Tending(opened_at=now, told_at=now), at=now, new=True)


async def due_jobs(store: Store, now: float) -> list[str]:
    return [one.job.job_id for one in await store.care.due("prod", ROUTE, PLAN, now=now, limit=10)]


async def test_a_step_is_due_when_its_time_has_come(store: Store) -> None:
    key = await fail(store, "a")
    await store.care.open([(key, opening())])
    assert await due_jobs(store, NOON + 99) == []
    assert await due_jobs(store, NOON + 100) == ["a"]
    assert await store.care.due("other", ROUTE, PLAN, now=NOON + 999, limit=10) == []
    await store.care.open([(key, opening(NOON + 90))])  # one that is open stays as it is
    assert await due_jobs(store, NOON + 100) == ["a"]
    await store.care.close([(key, Tended(route=ROUTE, tending=None, at=NOON + 120))])
    assert await due_jobs(store, NOON + 999) == []


async def test_what_a_route_never_tended_is_found_with_the_event_that_told_its_state(store: Store) -> None:
    first, second = await fail(store, "a"), await fail(store, "b")
    await store.care.open([(second, opening())])
    [(key, state, state_class, told)] = await store.care.untended("prod", ROUTE, after=0, limit=10)
    assert (key, state, state_class, told.transition) == (first, "TRAIN_FAILED", "failed", "TRAIN_FAILED")
    assert await store.care.untended("prod", ROUTE, after=key, limit=10) == []


async def test_a_batch_is_noticed_by_one_who_saw_what_was_noticed_last(store: Store) -> None:
    await fail(store, "a")
    [(progress, before)] = await store.batches.look("prod")
    assert (progress.batch_name, dict(progress.classes), before) == ("spring", {"failed": 1}, None)
    open_, done = Batch(done=False), Batch(done=True, completions=1, told_at=NOON)
    told = Told(event=batch_done(progress, 1, now=NOON), notifiers=("hook",))
    assert await store.batches.notice(progress, None, open_, None)
    assert not await store.batches.notice(progress, None, open_, None)
    assert await store.batches.notice(progress, open_, done, told)
    assert not await store.batches.notice(progress, open_, done, told)
    [(_, noticed)] = await store.batches.look("prod")
    assert noticed == done


async def test_the_condition_of_a_notifier_is_told_once_by_whomever(store: Store) -> None:
    failing = NotifierHealth(condition="failing", since=NOON, reason="503")

    async def tell(id_: str, health: NotifierHealth) -> bool:
        return await store.ledger.announce_notifier(Told(event=notice(id_), notifiers=()), "hook", health)

    assert [await tell("1", failing), await tell("2", failing)] == [True, False]
    assert await store.outbox.health("hook") == failing
    assert [await tell("3", NotifierHealth()), await tell("4", NotifierHealth())] == [True, False]
    assert [row.event.id for row in await store.archive.events(after=0)] == ["1", "3"]
