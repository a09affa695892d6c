"""Ids, summaries and bodies."""

import json
from datetime import datetime
from hashlib import blake2b

import pytest
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.event import EVENT_TYPES, FAMILIES
from poller.core.jsonvalue import Json, Written
from poller.core.message import batch, body, cloud_event, event_id, job_data, summary
from poller.core.notices import notifier_disabled, notifier_recovered, source_blind, source_recovered
from poller.core.notices import test_event as a_test_event
from poller.core.snapshot import Entry
from tests.core.samples import NOON, logged_event, operation, polled, snapshot

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ANY_TEXT = st.text(
    st.characters(exclude_categories=()), max_size=30
)  # lone surrogates as well: an upstream can escape them
ENTRIES = st.builds(
    Entry,
    family=st.just("operation"),
    time=ANY_TEXT | st.none(),
    type=ANY_TEXT | st.none(),
    operator=ANY_TEXT | st.none(),
    rest=st.just({}),
)


@settings(max_examples=80, deadline=None)
@given(state=ANY_TEXT, entry=ENTRIES, fields=st.dictionaries(st.text(min_size=1, max_size=8), JSON, max_size=4))
def test_whatever_an_upstream_says_the_bodies_are_cloud_events(
    state: str, entry: Entry, fields: dict[str, object]
) -> None:
    looks = [snapshot("TRAINING", fields=fields), snapshot(state, entry, fields=fields)]  # type: ignore[arg-type]  # JSON values
    for event in polled(looks)[1]:
        parsed = JSONFormat().read(None, body(event))
        assert (parsed.get_id(), parsed.get_type(), parsed.get_subject()) == (event.id, event.type, "efc5")
        assert isinstance(parsed.get_time(), datetime)


def test_a_body_has_the_shape_of_the_contract() -> None:
    sent = json.loads(body(logged_event()))
    assert list(sent) == [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "data",
    ]  # fmt: skip
    assert (sent["source"], sent["subject"], sent["sequence"]) == ("/sources/prod", "efc5", "0000000002")
    assert sent["time"] == "2023-12-09T07:31:43Z"


@given(
    data=st.dictionaries(st.text(max_size=5), JSON, max_size=4),
    pretty=st.booleans(),
    subject=ANY_TEXT,
    sequence=st.none() | st.integers(1, 10**12),
)
def test_data_that_is_written_is_told_as_it_is_written(
    data: dict[str, Json], pretty: bool, subject: str, sequence: int | None
) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(", ", ": ") if pretty else (",", ":"))
    read = logged_event()._replace(subject=subject, sequence=sequence, data=data)
    written = read._replace(data=Written(text, json.loads))
    assert written == read
    assert cloud_event(written) == cloud_event(read)
    assert text.encode() in body(written)
    assert json.loads(body(written)) == json.loads(body(read))
    assert json.loads(batch([written, read])) == [json.loads(body(read))] * 2
    assert pretty or body(written) == body(read)


def test_written_data_is_read_only_by_whoever_looks_into_it() -> None:
    texts = list[str]()

    def read(text: str) -> dict[str, Json]:
        texts.append(text)
        return {"job": None}

    event = logged_event()._replace(data=Written('{"job":null}', read))
    body(event)
    assert texts == []
    assert (event.data["job"], event.data.get("x"), len(event.data), repr(event.data)) == (
        None,
        None,
        1,
        "{'job': None}",
    )
    assert texts == ['{"job":null}']


def test_half_a_surrogate_pair_that_was_stored_escaped_is_told_as_a_question_mark() -> None:
    data = {"name": "\ud83d ✓", "path": "C:\\udder"}
    written = logged_event()._replace(data=Written(json.dumps(data), json.loads))
    assert body(written) == body(logged_event()._replace(data=data))
    assert json.loads(body(written))["data"] == {"name": "? ✓", "path": "C:\\udder"}


def test_events_without_a_job_are_about_their_source_or_notifier() -> None:
    blind = source_blind("prod", "HTTP 401", now=NOON)
    back = source_recovered("prod", "HTTP 401", blind_since=NOON, now=NOON + 60)
    disabled, enabled = notifier_disabled("ops", "HTTP 410", now=NOON), notifier_recovered("ops", "HTTP 410", now=NOON)
    for event in (blind, back, disabled, enabled, a_test_event("ops", now=NOON)):
        sent = json.loads(body(event))
        assert "sequence" not in sent
        assert sent["data"]["job"] is None
        assert sent["data"]["reason"]
        assert (sent["subject"], sent["source"]) == (
            ("prod", "/sources/prod") if event.source else ("ops", "/notifiers/ops")
        )
    assert len({event.id for event in (blind, back, disabled, enabled)}) == 4


def test_every_type_has_a_family() -> None:
    assert set(FAMILIES) == set(EVENT_TYPES)


@given(
    one=st.lists(ANY_TEXT | st.none() | st.integers(), max_size=4),
    other=st.lists(ANY_TEXT | st.none() | st.integers(), max_size=4),
)
def test_an_id_is_a_function_of_the_content(one: list[str | int | None], other: list[str | int | None]) -> None:
    assert (event_id(*one) == event_id(*other)) == (one == other)
    assert len(event_id(*one)) == 32


def test_an_id_stays_what_it_was_in_earlier_versions() -> None:
    assert event_id("prod", "efc5", "poller.job.state_changed", "TRAINING", 0) == "dc509048de3b0596b2d51e6ce96faccc"
    assert logged_event().id == "a7e6fad0f5b1abd82b0efa1b1a66512a"


@given(st.lists(ANY_TEXT | st.none() | st.integers(), max_size=6))
def test_an_id_is_a_function_of_the_content_as_json(content: list[str | int | None]) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    assert event_id(*content) == blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "Test Name: WATCHED"),
        ({"operator": "SYSTEM"}, "Test Name: WATCHED by SYSTEM"),
        ({"previous": "TRAINING"}, "Test Name: TRAINING → WATCHED"),
    ],
)
def test_a_summary_says_who_and_from_where(parts: dict[str, str], text: str) -> None:
    assert summary("Test Name", "WATCHED", **parts) == text


@given(name=ANY_TEXT, transition=ANY_TEXT, operator=ANY_TEXT)
def test_a_summary_is_one_line_that_a_terminal_and_a_mail_header_can_bear(
    name: str, transition: str, operator: str
) -> None:
    assert summary(name, transition, operator=operator).isprintable()
    assert summary(name, transition, previous=operator).isprintable()


def test_a_kept_field_does_not_replace_what_poller_says_of_a_job() -> None:
    fields = {"job_id": "other", "state": "other", "class": "other", "labels": "other", "name": "n", "tags": ["t"]}
    told = job_data("efc5", "TRAINING", "active", {}, fields)
    assert told == {"job_id": "efc5", "name": "n", "state": "TRAINING", "class": "active", "labels": {}, "tags": ["t"]}


def test_an_operation_without_a_detail_and_one_with_it_have_one_id() -> None:
    bare = polled([snapshot(), snapshot("TRAINING", operation(1, "A"))])[1]
    full = polled([snapshot(), snapshot("TRAINING", operation(1, "A", log_description="later"))])[1]
    assert [event.id for event in bare] == [event.id for event in full]
