"""Jobs, polls and events for the tests of the storage."""

from collections.abc import Sequence

from poller.core.delivery import Delivered, Delivery, Outcome, Rejected, Retry, settle
from poller.core.event import Event
from poller.core.job import NEVER_SEEN, Known
from poller.core.work import Change, Due, Owed, Poll, Told
from poller.store.store import Store
from tests.core.samples import NOON, look, snapshot

LEASE = 60.0
WAITS = (5.0, 300.0)
HOOK = ("hook",)


async def watch(store: Store, *job_ids: str, source: str = "prod", now: float = NOON) -> None:
    await store.registry.add(source, job_ids, now=now)


async def claim(store: Store, *, source: str = "prod", now: float = NOON, limit: int = 100) -> Sequence[Due]:
    return await store.ledger.claim(source, now=now, until=now + LEASE, limit=limit)


async def due_of(store: Store, job_id: str, *, now: float = NOON) -> Due:
    return next(due for due in await claim(store, now=now) if due.job_id == job_id)


def event(job_id: str, sequence: int, *, now: float = NOON, transition: str = "TRAINING") -> Event:
    return Event(
        id=f"{job_id}-{sequence}",
        type="poller.job.state_changed",
        transition=transition,
        source="prod",
        subject=job_id,
        job_id=job_id,
        sequence=sequence,
        time="2023-12-09T07:31:43Z",
        observed_at=now,
        data={"transition": transition, "job": {"job_id": job_id}},
    )


def notice(id_: str, *, now: float = NOON) -> Event:
    """An event without a job."""
    return event("prod", 1, now=now, transition="BLIND")._replace(
        id=id_,
        type="poller.source.blind",
        job_id=None,
        sequence=None,
        data={"transition": "BLIND", "job": None},
    )


def unchanged(due: Due, *, due_at: float, seen_at: float | None = NOON) -> Poll:
    return Poll(key=due.key, revision=due.revision, due_at=due_at, seen_at=seen_at)


def changed(
    due: Due,
    *events: Event,
    state: str = "TRAINING",
    now: float = NOON,
    due_at: float = NOON + 30,
    notifiers: Sequence[str] = HOOK,
    known: Known | None = None,
) -> Poll:
    """A poll that saw `state`, and tells `events`."""
    after = known or look(NEVER_SEEN, snapshot(state), now=now).known
    last = max((one.sequence or 0 for one in events), default=0)
    told = tuple(Told(event=one, notifiers=tuple(notifiers)) for one in events)
    delta = {} if after.snapshot is None else {"state": after.snapshot.state}
    change = Change(known=after._replace(sequence=last), state_class="active", delta=delta, told=told)
    return Poll(key=due.key, revision=due.revision, due_at=due_at, seen_at=now, digest=b"d" * 16, change=change)


async def tell(store: Store, job_id: str, *sequences: int, now: float = NOON, notifiers: Sequence[str] = HOOK) -> None:
    """Have these events of a job recorded; it is watched from then on."""
    await store.registry.add("prod", [job_id], now=now)
    await store.registry.poll_now("prod", job_id, now=0.0)
    due = (await store.ledger.claim("prod", now=1.0, until=2.0, limit=1))[0]
    told = [event(job_id, sequence, now=now) for sequence in sequences]
    refused = await store.ledger.record([changed(due, *told, now=now, due_at=now + 30, notifiers=notifiers)])
    assert (due.job_id, refused) == (job_id, [])


async def owed(
    store: Store, *, notifier: str = "hook", now: float = NOON, limit: int = 100, ordered: bool = True
) -> list[Owed]:
    return list(await store.outbox.claim(notifier, now=now, until=now + LEASE, limit=limit, ordered=ordered))


def names(claimed: Sequence[Owed]) -> list[str]:
    return [one.event.id for one in claimed]


def after(one: Owed, outcome: Outcome, *, now: float = NOON) -> Delivery:
    return settle(one.delivery, outcome, now=now, waits=WAITS, jitter=0.0)


async def deliver(store: Store, claimed: Sequence[Owed], *, now: float = NOON) -> None:
    await store.outbox.settle([after(one, Delivered(), now=now) for one in claimed])


async def fail(store: Store, claimed: Sequence[Owed], *, now: float = NOON) -> None:
    await store.outbox.settle([after(one, Retry(reason="503"), now=now) for one in claimed])


async def reject(store: Store, claimed: Sequence[Owed], *, now: float = NOON) -> None:
    await store.outbox.settle([after(one, Rejected(reason="no such mailbox"), now=now) for one in claimed])
