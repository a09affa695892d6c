"""What is asked again and again is found through an index, whatever the size of the tables (SQLite)."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Executable
from sqlalchemy.sql import ClauseElement

from poller.store import (
    addressing,
    claiming,
    collecting,
    counting,
    foreseeing,
    outbox,
    polled,
    retention,
    roll,
    staying,
    surveying,
    timetable,
    turns,
)
from poller.store.store import Store, open_store

INDEXES = {
    "claim jobs": (claiming.claiming(None), {"jobs_due"}),
    "look at jobs early": (claiming.claiming_early(None), {"jobs_due (source=? AND due_at>?)", "INTEGER PRIMARY KEY"}),
    "next due": (claiming.next_due(None), {"jobs_due"}),
    "record": (polled.UNCHANGED, {"INTEGER PRIMARY KEY"}),
    "claim in order": (turns.WINDOW_ORDERED, {"deliveries_due", "deliveries_in_order"}),
    "claim first tries": (turns.WINDOW_FIRST_TRIES, {"deliveries_due", "deliveries_in_order"}),
    "members of bundles in order": (turns.MEMBERS_ORDERED, {"deliveries_bundled", "deliveries_in_order"}),
    "members of bundles": (turns.MEMBERS_FIRST_TRIES, {"deliveries_bundled", "deliveries_in_order"}),
    "address": (addressing.UNADDRESSED, {"deliveries_in_order (notifier=? AND recipient=?)"}),
    "newly to be collected": (collecting.newly("batch_name"), {"deliveries_due"}),
    "windows of jobs": (collecting.opened("job"), {"deliveries_in_order"}),
    "windows of recipients": (collecting.opened("recipient"), {"deliveries_collected"}),
    "windows of batches": (collecting.opened("batch_name"), {"deliveries_collected"}),
    "collected of jobs": (collecting.collected("job"), {"deliveries_in_order"}),
    "collected for a recipient": (collecting.collected("recipient"), {"deliveries_collected"}),
    "call up": (turns.CALL_UP, {"deliveries_in_order", "INTEGER PRIMARY KEY"}),
    "next attempt": (outbox.NEXT_ATTEMPT, {"deliveries_due"}),
    "newest owed": (timetable.NEWEST_OWED, {"deliveries_due"}),
    "old deliveries": (retention.OLD_DELIVERIES, {"deliveries_by_end"}),
    "old events": (retention.OLD_EVENTS, {"events_by_time"}),
    "count dead": (counting.DEAD_COUNT, {"deliveries_dead"}),
    "count jobs": (counting.JOB_COUNT, {"jobs_staying"}),
    "count overdue jobs": (counting.OVERDUE_COUNT, {"jobs_due"}),
    "meet": (roll.MET, {"source=? AND job_id=?"}),
    "oldest": (surveying.OLDEST, {"jobs_due"}),
    "groups": (surveying.GROUPS, {"jobs_due"}),
    "overdue": (surveying.OVERDUE, {"jobs_due"}),
    "watched": (surveying.WATCHED, {"INTEGER PRIMARY KEY"}),
    "stuck in a state": (staying.STAYING_IN_STATE, {"jobs_staying (source=? AND state_class=? AND state=? AND"}),
    "stuck in a class": (staying.STAYING_IN_CLASS, {"jobs_staying (source=? AND state_class=?"}),
    "changes of an hour": (foreseeing.CHANGES, {"events_by_time"}),
    "states that were left": (foreseeing.NEXT_STATE, {"stays_in_state (source=? AND state>?)"}),
    "usual stays": (staying.USUAL, {"stays_in_state (source=? AND state=?)"}),
}


@pytest.fixture
async def sqlite(file: Path) -> AsyncIterator[Store]:
    async with open_store(file) as opened:
        yield opened


async def plan(store: Store, statement: Executable) -> list[str]:
    async with store.database.reading() as view:
        assert isinstance(statement, ClauseElement)
        sql = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(1, 2)", str(statement.compile(dialect=view.dialect)))
        rows = await view.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))
        return [row.detail for row in rows]


@pytest.mark.parametrize("name", INDEXES)
async def test_what_is_asked_all_the_time_uses_its_index(sqlite: Store, name: str) -> None:
    statement, wanted = INDEXES[name]
    steps = await plan(sqlite, statement)
    assert {index for index in wanted if any(index in step for step in steps)} == wanted
    # A scan through a partial index sees only its rows; one of a table, or a sort of all that is due, grows with the table.
    assert [step for step in steps if step.startswith("SCAN") and "INDEX" not in step and "due" not in step] == []
    if name.startswith(("claim", "next")):
        assert [step for step in steps if "ORDER BY" in step] == []
