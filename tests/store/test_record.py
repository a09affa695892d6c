"""Recording polls: all of a batch or nothing of it, each change once. On both databases."""

from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from poller.core.job import NEVER_SEEN
from poller.core.listing import DeliveryFilter, EventFilter, JobFilter
from poller.core.snapshot import Snapshot
from poller.core.work import Told
from poller.errors import StoreError
from poller.store.store import Store, open_store
from tests.core.samples import NOON, look, operation, snapshot
from tests.store.making import HOOK, changed, claim, due_of, event, notice, tell, unchanged, watch


async def stored(store: Store) -> list[str]:
    return [row.event.id for row in await store.archive.events(after=0)]


async def test_a_change_is_written_with_its_history_events_and_deliveries(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    after = look(NEVER_SEEN, snapshot("TRAINING", operation(1, "JOB_CREATE", error_code=None)), first_sight="all").known
    poll = changed(due, event("a", 1), event("a", 2), known=after, notifiers=("hook", "mail", "hook"))
    assert await store.ledger.record([poll]) == []
    known = (await store.ledger.known([due.key]))[due.key]
    assert known == after._replace(sequence=2)
    detail = await store.archive.job("prod", "a")
    assert (detail.row.state, detail.row.name, detail.row.seen_at, detail.row.revision) == (
        "TRAINING",
        "Test Name",
        NOON,
        1,
    )
    assert [(row.revision, row.delta) for row in await store.archive.history(due.key)] == [(1, {"state": "TRAINING"})]
    assert await stored(store) == ["a-1", "a-2"]
    listed = [(row.event_id, row.notifier, row.next_attempt_at) for row in await store.archive.deliveries()]
    assert sorted(listed) == [(f"a-{n}", notifier, NOON) for n in (1, 2) for notifier in ("hook", "mail")]


async def test_news_of_the_log_alone_leave_a_row_as_any_other_news_would(store: Store) -> None:
    await watch(store, "a", "b")
    first = await claim(store)
    await store.ledger.record([changed(due, event(due.job_id, 1), due_at=NOON + 1) for due in first])
    second = await claim(store, now=NOON + 1)
    after = look(NEVER_SEEN, snapshot("TRAINING", operation(1, "JOB_CREATE"))).known
    polls = [changed(due, event(due.job_id, 2), now=NOON + 1, due_at=NOON + 9, known=after) for due in second]
    polls = [poll._replace(change=poll.change and poll.change._replace(delta={}), quiet_entries=1) for poll in polls]
    grown = polls[1]._replace(change=polls[1].change and polls[1].change._replace(only_log=True))
    assert await store.ledger.record([polls[0], grown]) == []
    one, other = await claim(store, now=NOON + 9)
    assert one._replace(key=0, job_id="") == other._replace(key=0, job_id="")
    rows = [(await store.archive.job("prod", name)).row for name in "ab"]
    assert (
        len({(row.state, row.state_class, row.name, row.state_since, row.revision, row.seen_at) for row in rows}) == 1
    )
    assert [sorted(row.event.id for row in await store.archive.events(EventFilter(job_id=name))) for name in "ab"] == [
        ["a-1", "a-2"],
        ["b-1", "b-2"],
    ]
    told = await store.ledger.known([one.key, other.key])
    assert (told[one.key].sequence, told[other.key].sequence) == (2, 2)
    assert await store.ledger.record([grown]) == [other.key]  # its revision has moved


async def test_an_event_comes_back_as_it_was_recorded(store: Store) -> None:
    odd = event("a", 1)._replace(
        transition="NEW\0TYPE ✓", data={"text": "\0 \ud83d ✓", "n": 0.1, "big": 2**53, "no": None}
    )
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([changed(due, odd)])
    [row] = await store.archive.events()
    assert row.event == odd._replace(transition="NEW\ufffdTYPE ✓")


@pytest.mark.parametrize("text", ["nul \0", "half a pair \ud83d", "✓"])
async def test_any_text_of_the_upstream_can_be_stored(store: Store, text: str) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    after = look(NEVER_SEEN, Snapshot(state=text, fields={"name": text, "batch_name": [text]})).known
    await store.ledger.record([changed(due, known=after)._replace(error=text)])
    assert (await store.ledger.known([due.key]))[due.key].snapshot == after.snapshot
    assert (await store.archive.job("prod", "a")).row.batch_name is None


async def test_of_two_records_of_one_revision_exactly_one_wins(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    refused: list[int] = []

    async def record(number: int) -> None:
        told = event("a", 1)._replace(id=f"told by {number}")
        refused.extend(await store.ledger.record([changed(due, told, state=f"STATE{number}")]))

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(record, number)
    assert refused == [due.key] * 3
    assert len(await stored(store)) == 1
    assert len(await store.archive.deliveries()) == 1
    assert len(await store.archive.history(due.key)) == 1


async def test_a_refused_change_leaves_the_rest_of_its_batch_alone(store: Store) -> None:
    await watch(store, "a", "b")
    first, second = await claim(store)
    await store.ledger.record([changed(first, event("a", 1))])
    late = changed(first, event("a", 2), state="LATE")
    assert await store.ledger.record([late, changed(second, event("b", 1))]) == [first.key]
    assert await stored(store) == ["a-1", "b-1"]
    assert (await store.archive.job("prod", "a")).row.state == "TRAINING"


async def test_the_second_change_of_a_job_in_one_batch_is_refused(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    assert await store.ledger.record([changed(due, event("a", 1)), changed(due, event("a", 2))]) == [due.key]
    assert await stored(store) == ["a-1"]


async def test_a_late_poll_without_change_does_not_touch_a_job_that_has_moved(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([changed(due, event("a", 1), due_at=NOON + 30)])
    late = unchanged(due, due_at=NOON + 999)._replace(digest=b"o" * 16)
    assert await store.ledger.record([late]) == [due.key]
    [due] = await claim(store, now=NOON + 30)
    assert due.digest == b"d" * 16


async def test_polls_without_change_whose_job_has_moved_are_told_apart_from_the_others(store: Store) -> None:
    await watch(store, "a", "b", "c")
    first, second, third = await claim(store)
    moved = changed(second, event("b", 1))
    assert moved.change is not None
    assert await store.ledger.remark(second.key, second.revision, moved.change)
    polls = [unchanged(due, due_at=NOON + 30) for due in (first, second, third)]
    assert await store.ledger.record(polls) == [second.key]
    assert [due.job_id for due in await claim(store, now=NOON + 31)] == ["a", "c"]
    await store.ledger.release([second.key])
    assert [due.job_id for due in await claim(store, now=NOON + 31)] == ["b"]


async def test_a_failure_in_the_middle_of_a_batch_leaves_nothing_of_it(store: Store) -> None:
    await watch(store, "a", "b", "c")
    jobs = await claim(store)
    await store.ledger.record([changed(jobs[0], event("a", 1))])
    [first] = await claim(store, now=NOON + 30)
    twice = event("a", 1)._replace(id="another event with the same sequence")
    with pytest.raises(StoreError):
        await store.ledger.record(
            [unchanged(jobs[1], due_at=NOON + 5), changed(jobs[2], event("c", 1)), changed(first, twice)]
        )
    assert await stored(store) == ["a-1"]
    assert (await store.archive.job("prod", "c")).snapshot is None
    assert (await store.archive.job("prod", "b")).row.seen_at is None
    assert len(await store.archive.deliveries()) == 1


async def test_an_event_that_is_known_already_is_not_owed_again(store: Store) -> None:
    await watch(store, "a")
    await store.ledger.record([changed(await due_of(store, "a"), event("a", 1))])
    again = event("a", 1)._replace(sequence=2)
    await store.ledger.record(
        [changed(await due_of(store, "a", now=NOON + 30), again, event("a", 2)._replace(sequence=3))]
    )
    assert await stored(store) == ["a-1", "a-2"]
    assert len(await store.archive.deliveries()) == 2


async def test_an_announcement_counts_once(store: Store) -> None:
    for _ in range(2):
        await store.ledger.announce(Told(event=notice("n1"), notifiers=HOOK))
    [row] = await store.archive.events()
    assert (row.event, row.event.job_id, row.event.sequence) == (notice("n1"), None, None)
    assert [row.event_id for row in await store.archive.deliveries()] == ["n1"]


async def test_positions_grow_and_are_never_used_again(store: Store) -> None:
    await store.ledger.announce(Told(event=notice("n1"), notifiers=()))
    first = await store.archive.last_position()
    await store.retention.prune(now=NOON + 10, events=5, snapshots=5, deliveries=5, limit=10)
    assert await stored(store) == []
    await store.ledger.announce(Told(event=notice("n2"), notifiers=()))
    assert await store.archive.last_position() > first


@pytest.mark.parametrize("verb", ["pause", "remove"])
async def test_a_job_paused_or_removed_during_its_poll_stays_so(store: Store, verb: str) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    if verb == "pause":
        await store.registry.pause("prod", "a")
    else:
        await store.registry.remove("prod", "a", now=NOON)
    await store.ledger.record([changed(due, event("a", 1), due_at=NOON + 1)])
    assert await claim(store, now=NOON * 2) == []
    assert await store.ledger.next_due("prod") is None
    assert (await store.archive.job("prod", "a")).row.state == "TRAINING"


async def test_a_job_reported_missing_before_it_was_seen_has_no_snapshot(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    known = NEVER_SEEN._replace(missing=True, counts={"missing": 1}, state_since=NOON)
    await store.ledger.record([changed(due, event("a", 1)._replace(type="poller.job.missing"), known=known)])
    assert (await store.ledger.known([due.key]))[due.key] == known._replace(sequence=1)
    [due] = await claim(store, now=NOON + 30)
    assert due.missing


async def test_filters_of_events_pick_by_job_type_and_time(store: Store) -> None:
    await watch(store, "a", "b")
    first, second = await claim(store)
    await store.ledger.record([changed(first, event("a", 1, transition="X"), event("a", 2, now=NOON + 5))])
    await store.ledger.record([changed(second, event("b", 1))])
    picks = {
        "job": EventFilter(job_id="a"),
        "transition": EventFilter(transition="X"),
        "since": EventFilter(since=NOON + 1),
        "type": EventFilter(type="poller.test"),
        "source": EventFilter(source="prod"),
    }
    found = {name: [row.event.id for row in await store.archive.events(pick)] for name, pick in picks.items()}
    assert found == {
        "job": ["a-2", "a-1"],
        "transition": ["a-1"],
        "since": ["a-2"],
        "type": [],
        "source": ["b-1", "a-2", "a-1"],
    }
    assert [row.job_id for row in await store.archive.jobs(JobFilter(state="TRAINING"))] == ["a", "b"]
    assert await store.archive.deliveries(DeliveryFilter(notifier="nobody")) == []


async def test_what_goes_to_sqlite_as_bytes_is_text_there(file: Path) -> None:
    async with open_store(file) as store:
        await tell(store, "job", 1)
        async with store.database.reading() as view:
            kinds = await view.execute(text("SELECT typeof(snapshot), typeof(data), data FROM known, events"))
            [(snapshot, data, written)] = kinds.all()
    assert (snapshot, data) == ("text", "text")
    assert '"job_id":"job"' in written
