"""What is known of a job as text, and what becomes of what an older version wrote."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.diff import diff
from poller.core.job import Known
from poller.core.reading import Seen, Target
from poller.core.snapshot import LOGS, Entry, Snapshot
from poller.core.written_log import WrittenLog
from poller.sources.metastudio.wire import Wire
from poller.store.codec import to_utf8
from poller.store.spelling import read, spelled
from tests.core.samples import NOON, SUBJECT, comment, operation, snapshot
from tests.core.test_snapshot import FIELDS
from tests.core.test_snapshot import LOGS as LOG_LISTS

ODD = st.sampled_from(["nul \0", "half a pair \ud83d", "✓ 改", 'a "word" \\', '],"comment_logs":[]}'])


@settings(max_examples=100, deadline=None)
@given(state=ODD | st.none(), fields=FIELDS, log=LOG_LISTS, text=ODD)
def test_what_is_written_is_read_back_and_written_the_same(
    state: str | None, fields: dict[str, Any], log: list[Entry], text: str
) -> None:
    entries = tuple(sorted([*log, operation(1, text)], key=lambda entry: entry.family, reverse=True))
    kept = Snapshot(state=state, fields={**fields, "any": {"comment_logs": [text]}}, entries=entries)
    again = read(spelled(kept))
    assert again == kept
    assert spelled(again) == spelled(kept)


def test_the_logs_of_a_stored_snapshot_stay_text() -> None:
    kept = snapshot("TRAINING", operation(1, "✓"), comment(2, "C"), fields={"name": "José 🎬"})
    log = read(to_utf8(kept.as_json())).entries
    assert isinstance(log, WrittenLog)
    assert {family: json.loads(text) for family, text in log.texts.items()} == {
        family: kept.as_json()[key] for family, key in LOGS.items()
    }


@pytest.mark.parametrize("text", ['{"state":"TRAINING"}', '{"operation_logs":[],"comment_logs":[],"state":"TRAINING"}'])
def test_logs_that_do_not_come_last_are_read_as_well(text: str) -> None:
    assert read(text.encode()) == snapshot("TRAINING", fields={})


@pytest.mark.parametrize("comments", [0, 1])
def test_what_an_older_version_wrote_tells_nothing_and_is_text_alone_from_the_next_change_on(comments: int) -> None:
    """It wrote the names of an entry in another order."""
    lines = [
        {"operate_time": f"2023-12-09T07:31:0{n}Z", "log_type": "A", "log_description": "x", "operate_user": "USER"}
        for n in range(4)
    ]
    remarks = [{"operate_time": "2023-12-09T07:31:09Z", "comment_type": "C", "comment_title": "t"}] * comments

    def seen(length: int) -> Snapshot:
        document = {"job_id": "efc5", "state": "TRAINING", "operation_logs": lines[:length], "comment_logs": remarks}
        reading = Wire().read(to_utf8(document), Target(job_id="efc5"))
        assert isinstance(reading, Seen)
        return reading.snapshot

    known = Known(
        snapshot=read(
            to_utf8(Snapshot(state="TRAINING", fields={"job_id": "efc5"}, entries=tuple(seen(2).entries)).as_json())
        )
    )
    same = diff(known, seen(2), SUBJECT, now=NOON, first_sight="summary")
    assert (same.events, same.delta) == ((), {})
    grown = diff(known, seen(3), SUBJECT, now=NOON, first_sight="summary")
    assert [event.data["operation"]["operate_time"] for event in grown.events] == ["2023-12-09T07:31:02Z"]  # type: ignore[index, call-overload]  # an object
    assert grown.known.snapshot is not None
    after = read(spelled(grown.known.snapshot)).entries
    assert isinstance(after, WrittenLog)
    next_log = seen(4).entries
    assert isinstance(next_log, WrittenLog)
    assert next_log.beyond(after) == [next_log[3]]
