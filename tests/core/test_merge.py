"""Logs as multisets: what is new, what is the same entry."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.merge import MergedLog, merge_logs, merge_snapshots
from poller.core.snapshot import Entry
from tests.core.samples import operation, snapshot
from tests.core.strategies import HISTORIES, with_details

A, B = operation(1, "A"), operation(2, "B")


def in_order(part: Sequence[Entry], whole: Sequence[Entry]) -> bool:
    rest = iter(whole)
    return all(entry in rest for entry in part)


def gap(entry: Entry, **without: None) -> Entry:
    parts = {"time": entry.time, "type": entry.type, "operator": entry.operator} | without
    return Entry(family=entry.family, rest=entry.rest, **parts)


@settings(max_examples=60, deadline=None)
@given(known=HISTORIES.map(with_details), seen=HISTORIES.map(with_details))
def test_what_is_known_never_shrinks_and_never_changes_its_identity(known: list[Entry], seen: list[Entry]) -> None:
    merged, fresh, _ = merge_logs(known, seen)
    assert [entry.identity for entry in merged[: len(known)]] == [entry.identity for entry in known]
    assert [new.entry for new in fresh] == list(merged[len(known) :])
    assert in_order([new.entry for new in fresh], seen)
    assert not merge_logs(merged, seen).fresh


@settings(max_examples=60, deadline=None)
@given(known=HISTORIES, seen=HISTORIES)
def test_the_numbers_of_one_identity_go_on_without_a_gap(known: list[Entry], seen: list[Entry]) -> None:
    fresh = merge_logs(known, seen).fresh
    for identity in {new.entry.identity for new in fresh}:
        start = sum(entry.identity == identity for entry in known)
        numbers = [new.occurrence for new in fresh if new.entry.identity == identity]
        assert numbers == list(range(start, start + len(numbers)))


def test_a_field_that_is_filled_in_later_completes_the_entry() -> None:
    filled = operation(1, "A", error_code="E1")
    assert merge_logs([A], [filled]) == MergedLog((filled,), [], (filled,))
    assert merge_logs([filled], [A]) == MergedLog((filled,), [])


def test_twins_keep_their_own_details_whatever_their_order() -> None:
    one, other = operation(1, "A", log_description="one"), operation(1, "A", log_description="other")
    assert merge_logs([one, other], [other, one]) == MergedLog((one, other), [])


@pytest.mark.parametrize("without", [{"time": None}, {"type": None}, {"operator": None}])
def test_an_entry_with_a_gap_is_the_entry_that_fits(without: dict[str, None]) -> None:
    assert not merge_logs([A, B], [gap(B, **without), A]).fresh
    assert not merge_logs([A, gap(B, **without)], [B, A]).fresh


def test_an_entry_with_a_gap_is_paired_with_what_fits_best() -> None:
    known = [gap(A, time=None), gap(A, operator=None)]
    later = operation(9, "A")
    assert not merge_logs(known, [A, later]).fresh


def test_an_entry_of_which_nothing_is_recognised_is_new() -> None:
    nameless = gap(A, time=None, type=None)
    assert [new.entry for new in merge_logs([A], [nameless]).fresh] == [nameless]


def test_an_entry_with_a_gap_does_not_stand_for_another_that_is_there() -> None:
    assert len(merge_logs([A], [A, gap(A, operator=None)]).fresh) == 1


def test_what_could_not_be_read_keeps_its_last_value_and_what_is_gone_is_gone() -> None:
    known = snapshot("TRAINING", A, fields={"name": "a", "tags": ["t"], "batch_name": "b"})
    seen = snapshot(None, fields={"name": "a"}, doubtful=["tags", "state", "operation_logs"])
    merged = merge_snapshots(known, seen)
    assert merged.snapshot == snapshot("TRAINING", A, fields={"name": "a", "tags": ["t"]})
    assert not merged.moved


@given(st.data())
def test_one_log_never_counts_for_another_family(data: st.DataObject) -> None:
    log = data.draw(HISTORIES)
    comments = [Entry(family="comment", time=one.time, type=one.type, operator=one.operator) for one in log]
    assert len(merge_logs(log, comments).fresh) == len(log)


def test_a_log_of_thousands_is_compared_in_a_moment() -> None:
    old = [operation(at % 60, f"OLD_{at}") for at in range(3000)]
    new = [operation(at % 60, f"NEW_{at}") for at in range(3000)]
    started = time.process_time()
    assert len(merge_logs(old, new).fresh) == 3000
    assert time.process_time() - started < 1
