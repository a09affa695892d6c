"""What is kept of an answer: only what the expressions name, of the right types, without links; a wrong type costs that field only."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.config.expression import parse_expression as parsed
from poller.core.reading import Failed, Same, Seen, Target
from poller.core.snapshot import Entry
from poller.sources.http_json.shape import MAX_ENTRIES, LogShape, Shape
from poller.sources.http_json.wire import read

JOB = "j-1"
LOG = LogShape(
    entries=parsed("events"), time=parsed("at"), type=parsed("what"), text=parsed("why"), operator=parsed("by.name")
)
SHAPE = Shape(
    state=parsed("status"),
    id=parsed("id"),
    name=parsed("title"),
    log=LOG,
    keep={"branch": parsed("ref"), "tags": parsed("labels[].name"), "batch_name": parsed("batch")},
)
GOOD: dict[str, Any] = {
    "id": JOB,
    "status": "running",
    "title": "Nightly",
    "ref": "main",
    "labels": [{"name": "x"}, {"name": "y"}],
    "events": [
        {"at": "2024-01-01T00:00:00Z", "what": "started", "by": {"name": "ann"}, "why": "asked for"},
        {"at": "2024-01-01T00:01:00Z", "what": "checked"},
    ],
    "contact": "+86 138 0000 0000",
}


def seen(document: object, shape: Shape = SHAPE) -> Seen:
    reading = read(json.dumps(document).encode(), Target(job_id=JOB), shape)
    assert isinstance(reading, Seen), reading
    return reading


def test_what_the_expressions_name_is_kept_and_nothing_else() -> None:
    snapshot = seen(GOOD).snapshot
    assert snapshot.state == "running"
    assert snapshot.fields == {"name": "Nightly", "branch": "main", "tags": ["x", "y"]}
    assert snapshot.entries == (
        Entry(
            family="operation",
            time="2024-01-01T00:00:00Z",
            type="started",
            operator="ann",
            rest={"log_description": "asked for"},
        ),
        Entry(family="operation", time="2024-01-01T00:01:00Z", type="checked"),
    )
    assert snapshot.doubtful == frozenset()


def test_a_change_of_what_is_not_kept_is_the_same() -> None:
    digest = seen(GOOD).digest
    other = json.dumps({**GOOD, "contact": "x", "heartbeat": 7}).encode()
    assert read(other, Target(job_id=JOB, digest=digest), SHAPE) == Same()
    changed = json.dumps({**GOOD, "ref": "other"}).encode()
    assert isinstance(read(changed, Target(job_id=JOB, digest=digest), SHAPE), Seen)


def test_links_are_never_kept_and_signing_them_anew_changes_nothing() -> None:
    shape = Shape(state=parsed("status"), keep={"where": parsed("url"), "note": parsed("note")})
    first = seen({"status": "a/b", "url": "https://x/1?sig=1", "note": "see https://x/1?sig=1"}, shape)
    assert first.snapshot.state == "a/b"
    assert first.snapshot.fields == {"note": "see <link>"}
    assert seen({"status": "a/b", "url": "https://x/1?sig=2", "note": "see https://x/1?sig=2"}, shape) == first


@pytest.mark.parametrize("wrong", [5.5, [], {}, ["running"], {"x": 1}, "x" * 301, "\ud800", 2**70])
def test_a_state_of_a_wrong_type_is_doubtful_and_the_rest_is_read(wrong: object) -> None:
    snapshot = seen({**GOOD, "status": wrong}).snapshot
    assert snapshot.state is None
    assert snapshot.doubtful == {"state"}
    assert snapshot.fields["name"] == "Nightly"
    assert len(snapshot.entries) == 2


@pytest.mark.parametrize(("value", "state"), [(3, "3"), (True, "true"), (None, None), ("", None), (-1, "-1")])
def test_a_state_may_be_a_number_a_truth_value_or_nothing(value: object, state: str | None) -> None:
    snapshot = seen({**GOOD, "status": value}).snapshot
    assert (snapshot.state, snapshot.doubtful) == (state, frozenset())


@pytest.mark.parametrize(
    ("body", "doubtful"),
    [
        (b'{"id":"j-1","status":"a","batch":NaN}', "batch_name"),
        (b'{"id":"j-1","status":"a","batch":1e999}', "batch_name"),
        (b'{"id":"j-1","status":"a","batch":' + b"9" * 5000 + b"}", "batch_name"),
        (b'{"id":"j-1","status":"a","batch":"\xff\xfe"}', "batch_name"),
        (b'{"id":"j-1","status":"a","batch":"\\ud800"}', "batch_name"),
        (b'{"id":"j-1","status":"a","batch":' + b"[" * 40 + b"]" * 40 + b"}", "batch_name"),
        (b'{"id":"j-1","status":"a","batch":"' + b"x" * 70_000 + b'"}', "batch_name"),
        (b'{"id":"j-1","status":"a","labels":[{"name":{"\\udc00":1}}]}', "tags"),
        (b'{"id":"j-1","status":"a","events":"none"}', "operation_logs"),
        (b'{"id":"j-1","status":"a","events":{"at":"x"}}', "operation_logs"),
        (b'{"id":"j-1","status":"a","events":[{"at":"x","what":["y"]}]}', "operation_logs"),
        (b'{"id":"j-1","status":"a","title":{}}', "name"),
    ],
)
def test_what_cannot_be_read_costs_that_field_only(body: bytes, doubtful: str) -> None:
    reading = read(body, Target(job_id=JOB), SHAPE)
    assert isinstance(reading, Seen), reading
    assert reading.snapshot.state == "a"
    assert reading.snapshot.doubtful == {doubtful}
    assert doubtful not in reading.snapshot.fields


def test_a_field_that_became_unreadable_is_not_the_same_as_one_that_is_gone() -> None:
    gone, unreadable = {**GOOD, "title": None}, {**GOOD, "title": {}}
    assert seen(gone).digest != seen(unreadable).digest


def test_only_the_last_entries_of_an_endless_log_count_and_the_rest_is_unknown() -> None:
    events = [{"at": str(at), "what": "tick"} for at in range(MAX_ENTRIES + 5)]
    snapshot = seen({**GOOD, "events": events}).snapshot
    assert [entry.time for entry in snapshot.entries] == [str(at) for at in range(5, MAX_ENTRIES + 5)]
    assert snapshot.doubtful == {"operation_logs"}


@pytest.mark.parametrize(
    ("at", "time"),
    [
        (1702123200, "2023-12-09T12:00:00.000Z"),
        (1702123200123, "2023-12-09T12:00:00.123Z"),
        (1702123200.5, "2023-12-09T12:00:00.500Z"),
        ("yesterday", "yesterday"),
        (0, "1970-01-01T00:00:00.000Z"),
        (True, None),
        (-1e17, None),
        ([], None),
    ],
)
def test_times_of_entries_are_texts_seconds_or_milliseconds(at: object, time: str | None) -> None:
    (entry,) = seen({**GOOD, "events": [{"at": at, "what": "x"}]}).snapshot.entries
    assert entry.time == time


def test_entries_that_could_not_be_recognised_again_are_not_told() -> None:
    events = [None, {}, {"why": "no time, no type"}, "text", 5, {"what": "kept"}]
    assert [entry.type for entry in seen({**GOOD, "events": events}).snapshot.entries] == ["kept"]


def test_a_long_text_is_cut_and_a_nul_is_left_out() -> None:
    (entry,) = seen({**GOOD, "events": [{"what": "x", "why": "a\0b" + "y" * 20_000}]}).snapshot.entries
    text = entry.rest["log_description"]
    assert isinstance(text, str)
    assert text.startswith("aby")
    assert text.endswith("y…")
    assert len(text) < 10_001


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"5", b'"maintenance"', b"<html>", b"{", b"{}", b"[]", b'{"error":"soon"}', b"[" * 100_000, b"\xff"],
)
def test_an_answer_that_holds_nothing_is_nonsense(body: bytes) -> None:
    reading = read(body, Target(job_id=JOB), SHAPE)
    assert isinstance(reading, Failed)
    assert reading.kind == "nonsense"


def test_an_answer_about_another_job_is_nonsense() -> None:
    reading = read(json.dumps({**GOOD, "id": "j-2"}).encode(), Target(job_id=JOB), SHAPE)
    assert isinstance(reading, Failed)
    assert reading.reason == "the answer is about another job"


def test_an_id_that_is_a_number_is_the_text_of_it() -> None:
    assert isinstance(read(b'{"id":17,"status":"a"}', Target(job_id="17"), SHAPE), Seen)


def test_a_list_may_be_the_answer() -> None:
    shape = Shape(state=parsed("[-1].state"), log=LogShape(entries=parsed("[]"), type=parsed("state")))
    snapshot = seen([{"state": "new"}, {"state": "done"}], shape).snapshot
    assert snapshot.state == "done"
    assert [entry.type for entry in snapshot.entries] == ["new", "done"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "what", "by", "name"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "batch"]), ANYTHING, max_size=8))
def test_whatever_else_stands_in_an_answer_its_state_is_read(odd: dict[str, object]) -> None:
    body = json.dumps({**odd, "status": "running", "id": JOB}).encode()
    first = read(body, Target(job_id=JOB), SHAPE)
    assert isinstance(first, Seen)
    assert first.snapshot.state == "running"
    json.dumps(first.snapshot.as_json(), allow_nan=False).encode()
    assert read(body, Target(job_id=JOB, digest=first.digest), SHAPE) == Same()
