"""What a poll and a transition cost on the disk (SQLite)."""

from collections.abc import Sequence
from pathlib import Path

from poller.core.diff import diff
from poller.core.job import Subject
from poller.core.jsonvalue import Json
from poller.core.work import Change, Due, Poll, Told
from poller.store.store import Store, open_store
from tests.core.samples import NOON, SUBJECT, operation, snapshot
from tests.store.making import claim, unchanged, watch

JOBS = 200
# What section 6 of INTERFACE.md keeps of a job, at the length that the vendor's examples have.
FIELDS: dict[str, Json] = {
    "name": "Spring campaign, presenter 4",
    "asset_id": "0b7fdbbd35f64d2b95b7e8a4b34c0d1e",
    "project_id": "fb43fcd5d2c64e25a50f1a1d4b8f4a11",
    "create_time": "2023-12-09T07:31:43Z",
    "last_update_time": "2023-12-09T07:31:50Z",
    "batch_name": "spring-2024",
    "tags": ["spring", "presenter"],
    "model_version": "V3",
    "matting_type": "AI",
    "model_resolution": "1080P",
    "app_user_id": "user-000017",
    "is_flexus": False,
    "worker_type": "GPU",
    "is_mask_file_uploaded": True,
}


async def size(store: Store) -> int:
    await store.retention.idle()
    return (await store.archive.size()).bytes


def moved(due: Due, change: Change) -> Poll:
    return Poll(key=due.key, revision=due.revision, due_at=NOON, seen_at=NOON, digest=b"d" * 16, change=change)


async def look(store: Store, jobs: Sequence[Due], state: str, *kinds: str) -> None:
    known = await store.ledger.known([due.key for due in jobs])
    polls = []
    for due in jobs:
        entries = [operation(second, kind, error_code=None) for second, kind in enumerate(kinds)]
        subject = Subject(source="prod", job_id=due.job_id, labels={"team": "x"}, classify=SUBJECT.classify)
        seen = snapshot(state, *entries, fields=FIELDS)
        result = diff(known[due.key], seen, subject, now=NOON, first_sight="summary")
        told = tuple(Told(event=event, notifiers=("backend",)) for event in result.events)
        polls.append(moved(due, Change(known=result.known, state_class="active", delta=result.delta, told=told)))
    assert await store.ledger.record(polls) == []


async def test_a_transition_costs_less_than_two_kilobytes(file: Path) -> None:
    async with open_store(file) as store:
        await watch(store, *(f"{number:032x}" for number in range(JOBS)))
        await look(store, await claim(store, limit=JOBS), "CREATED", "JOB_CREATE")
        before = await size(store)
        await look(store, await claim(store, limit=JOBS), "TRAINING", "JOB_CREATE")
        await look(store, await claim(store, limit=JOBS), "TRAINING_FAILED", "JOB_CREATE")
        assert (await size(store) - before) / (2 * JOBS) < 2000


async def test_a_poll_that_found_nothing_new_costs_nothing(file: Path) -> None:
    async with open_store(file) as store:
        await watch(store, *(f"{number:032x}" for number in range(JOBS)))
        await look(store, await claim(store, limit=JOBS), "TRAINING", "JOB_CREATE")
        for warm in (True, True, False):
            before = await size(store)
            for step in range(5):
                now = NOON + step
                jobs = await claim(store, now=now, limit=JOBS)
                polls = [
                    unchanged(due, due_at=now + number % 7 / 10, seen_at=now)._replace(digest=b"e" * 16)
                    for number, due in enumerate(jobs)
                ]
                await store.ledger.record(polls)
            assert warm or await size(store) == before
