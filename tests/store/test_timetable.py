"""After the clock was set back, what was planned by the wrong one is due as soon as it would have been."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from poller.core.cadence import urgent_due
from poller.core.work import SourceHealth, Told
from poller.store.store import Store, open_store
from tests.core.samples import NOON
from tests.store.conftest import Server
from tests.store.making import changed, claim, event, fail, notice, owed, unchanged, watch

HOURS = 3 * 3600.0
AHEAD = NOON + HOURS  # what the clock said while it was wrong


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    async with open_store(file) as opened:
        yield opened


async def _due(store: Store) -> dict[str, float | None]:
    return {row.job_id: row.due_at for row in await store.archive.jobs()}


async def test_jobs_and_deliveries_planned_by_a_clock_that_was_ahead_are_due_as_much_earlier(store: Store) -> None:
    await watch(store, "soon", "late", now=AHEAD)
    jobs = {due.job_id: due for due in await claim(store, now=AHEAD)}
    await store.ledger.record(
        [
            changed(jobs["soon"], event("soon", 1, now=AHEAD), now=AHEAD, due_at=AHEAD + 30),
            unchanged(jobs["late"], due_at=AHEAD + 3600, seen_at=AHEAD),
        ]
    )
    await fail(store, await owed(store, now=AHEAD), now=AHEAD)
    [before] = await store.archive.deliveries()
    assert before.next_attempt_at is not None
    assert before.next_attempt_at > AHEAD
    assert await claim(store, now=NOON + 60) == []

    assert await store.timetable.mend(now=NOON) == HOURS

    assert await _due(store) == {"soon": NOON + 30, "late": NOON + 3600}
    [after] = await store.archive.deliveries()
    assert after.next_attempt_at == pytest.approx(before.next_attempt_at - HOURS)
    assert [due.job_id for due in await claim(store, now=NOON + 60)] == ["soon"]
    assert await store.timetable.mend(now=NOON) == 0


async def test_that_no_poll_succeeded_while_the_clock_was_ahead_is_no_hindrance(store: Store) -> None:
    await watch(store, "a", now=NOON)
    [due] = await claim(store, now=AHEAD)
    await store.ledger.record([unchanged(due, due_at=AHEAD + 30, seen_at=None)._replace(failures=1, error="HTTP 401")])
    await store.ledger.announce(Told(event=notice("blind", now=AHEAD), notifiers=("hook",)))

    assert await store.timetable.mend(now=NOON) == HOURS

    assert await _due(store) == {"a": NOON + 30}
    [row] = await store.archive.deliveries()
    assert (row.next_attempt_at, row.created_at) == (NOON, NOON)
    assert await store.timetable.mend(now=NOON) == 0


async def test_that_the_source_could_not_be_read_while_the_clock_was_ahead_shows_it_as_well(store: Store) -> None:
    blind = SourceHealth(blind_since=AHEAD, reason="credentials refused")
    await store.ledger.announce(Told(event=notice("blind", now=AHEAD), notifiers=()), source="prod", health=blind)
    assert await store.timetable.mend(now=NOON) == HOURS
    assert await store.ledger.health("prod") == replace(blind, blind_since=NOON)
    assert await store.timetable.mend(now=NOON) == 0


async def test_a_clock_that_was_seen_to_go_back_needs_no_other_sign(store: Store) -> None:
    await watch(store, "a", now=NOON)
    [due] = await claim(store, now=AHEAD)
    await store.ledger.record([unchanged(due, due_at=AHEAD + 30, seen_at=None)._replace(failures=1, error="HTTP 401")])
    assert await store.timetable.mend(now=NOON) == 0
    assert await store.timetable.mend(now=NOON, set_back=HOURS) == HOURS
    assert await _due(store) == {"a": NOON + 30}


async def test_what_was_due_in_between_is_due_now_and_what_is_due_already_stays(store: Store) -> None:
    await watch(store, "between", "urgent", "forgotten", now=NOON)
    jobs = {due.job_id: due for due in await claim(store, now=NOON)}
    await store.ledger.record(
        [
            unchanged(jobs["between"], due_at=NOON + 60, seen_at=AHEAD),
            unchanged(jobs["urgent"], due_at=urgent_due(NOON)),
        ]
    )
    assert await store.timetable.mend(now=NOON) == HOURS
    due = await _due(store)
    assert due["between"] == NOON
    assert due["urgent"] == NOON  # as it is shown: since when it is urgent


async def test_a_clock_in_time_plans_nothing_anew(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    await store.ledger.record([unchanged(due, due_at=NOON + 3600, seen_at=NOON + 2)])
    assert await store.timetable.mend(now=NOON) == 0
    assert await _due(store) == {"a": NOON + 3600}


async def test_an_empty_database_has_nothing_to_mend(store: Store) -> None:
    assert await store.timetable.mend(now=NOON) == 0


async def test_on_a_server_the_clocks_of_all_daemons_count(postgresql: Server) -> None:
    async with open_store(postgresql.emptied()) as shared:
        await watch(shared, "a", now=AHEAD)
        [due] = await claim(shared, now=AHEAD)
        await shared.ledger.record([unchanged(due, due_at=AHEAD + 30, seen_at=AHEAD)])
        assert await shared.timetable.mend(now=NOON) == 0
