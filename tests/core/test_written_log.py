"""Logs as text: what shows at a glance is what a comparison entry by entry finds."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.merge import merge_logs
from poller.core.snapshot import LOGS, Entry
from poller.core.written_log import WrittenLog
from tests.core.samples import comment, operation, snapshot

LAW = settings(max_examples=200, deadline=None)
WORDS = st.sampled_from(["A", "B", 'a "quoted" \\ word', "改", None])  # few: twins are the rule
LINES = st.builds(
    Entry,
    family=st.sampled_from(["operation", "comment"]),
    time=st.sampled_from(["2023-12-09T07:31:43Z", "2023-12-09T07:31:44Z", "]}", None]),
    type=WORDS,
    operator=WORDS,
    rest=st.sampled_from([{}, {"log_description": "too dark"}, {"log_description": "]"}]),
)
STORED = st.lists(LINES, max_size=6).map(lambda log: tuple(sorted(log, key=lambda one: one.family, reverse=True)))
GROWN = st.tuples(STORED, STORED).map(lambda pair: (pair[0], stored([*pair[0], *pair[1]])))
A, B, C = operation(1, "A"), operation(2, "B"), comment(3, "C")


def stored(log: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(log, key=lambda one: one.family, reverse=True))


def written(*log: Entry) -> WrittenLog:
    lines = {family: [entry.as_json() for entry in log if entry.family == family] for family in LOGS}
    return WrittenLog({family: compact(text) for family, text in lines.items()}, json.loads)


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def untouched(*log: Entry) -> WrittenLog:
    """One of which no entry may be made."""
    return WrittenLog(written(*log).texts, lambda text: pytest.fail(f"{text} was read"))


@LAW
@given(pair=GROWN | st.tuples(STORED, STORED))
def test_logs_as_text_and_logs_as_entries_give_the_same(pair: tuple[tuple[Entry, ...], tuple[Entry, ...]]) -> None:
    known, seen = pair
    expected = merge_logs(known, seen)
    assert merge_logs(written(*known), written(*seen)) == expected
    assert merge_logs(known, written(*seen)) == expected
    assert merge_logs(written(*known), seen) == expected


@LAW
@given(log=STORED)
def test_a_log_is_a_sequence_of_its_entries(log: tuple[Entry, ...]) -> None:
    text = written(*log)
    assert (tuple(text), len(text), repr(text), text[1:]) == (log, len(log), repr(log), log[1:])
    assert text == log
    assert log == text
    assert text == written(*log)
    assert text != written(*log, A)


def test_of_a_log_that_has_grown_only_the_new_lines_are_read() -> None:
    seen = written(A, B, C)
    merged = merge_logs(untouched(A), seen)
    assert [new.entry for new in merged.fresh] == [B, C]
    assert merged.entries is seen


def test_of_a_log_that_has_not_changed_nothing_is_read() -> None:
    seen = untouched(A, B, C)
    assert merge_logs(untouched(A, B, C), seen) == (seen, [], ())


def test_a_log_that_shows_all_that_is_known_is_kept_as_it_is_written() -> None:
    """However it was written before: else one comparison entry by entry would lead to the next."""
    before, now = (
        operation(1, "A", error_code="1", log_description="x"),
        operation(1, "A", log_description="x", error_code="1"),
    )
    seen = written(now, B, C)
    assert merge_logs(written(before, C), seen).entries is seen
    assert merge_logs((before, C), seen).entries is seen
    assert merge_logs(written(B, A), written(A, B)).entries == (B, A)  # what is known keeps its place
    assert merge_logs(written(A, B), written(B)).entries == (A, B)


def test_a_word_that_could_stand_there_in_another_spelling_is_not_said_to_be_lacking() -> None:
    assert written(A).lacks("2023-12-09T07:31:02Z")
    assert not written(A).lacks("2023-12-09T07:31:01Z")
    assert not written(operation(1, 'a "word"')).lacks("2023-12-09T07:31:02Z")


def test_a_snapshot_shows_its_logs_whether_they_are_text_or_not() -> None:
    one, other = snapshot("TRAINING", A, C), snapshot("TRAINING", *written(A, C))
    assert (one, one.as_json(), one.log("comment")) == (other, other.as_json(), other.log("comment"))
