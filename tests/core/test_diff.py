"""The laws of the diff: whatever way a history is looked at, each transition is told once, in order, under one id."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.diff import vanish
from poller.core.event import Event
from poller.core.job import NEVER_SEEN
from poller.core.snapshot import Entry, Snapshot
from poller.core.timestamps import parse_rfc3339
from tests.core.samples import NOON, SUBJECT, look, operation, polled, snapshot
from tests.core.strategies import ENTRIES, HISTORIES, STATES, damaged_looks, growing_looks, with_details

LAW = settings(max_examples=60, deadline=None)
LOOKS = st.lists(st.builds(lambda state, log: snapshot(state, *log), STATES | st.none(), HISTORIES), max_size=6)


def operations(events: list[Event]) -> list[Event]:
    return [event for event in events if event.type == "poller.job.operation_logged"]


def ids(events: list[Event]) -> Counter[str]:
    return Counter(event.id for event in events)


def contents(events: list[Event]) -> Counter[tuple[object, ...]]:
    shown = (event.data["operation"] for event in operations(events))
    return Counter(tuple(one[key] for key in ("operate_time", "log_type", "operate_user")) for one in shown)  # type: ignore[index, call-overload]  # an object, by the type of the event


def identities(entries: list[Entry]) -> Counter[tuple[object, ...]]:
    return Counter((entry.time, entry.type, entry.operator) for entry in entries)


@LAW
@given(looks=LOOKS.filter(bool))
def test_the_same_look_again_tells_nothing_and_changes_nothing(looks: list[Snapshot]) -> None:
    known, _ = polled(looks)
    assert known.snapshot is not None
    for again in (looks[-1], known.snapshot):
        change = look(known, again, now=NOON + 1000)
        assert (change.events, change.delta, change.known) == ((), {}, known)


@LAW
@given(data=st.data(), history=HISTORIES)
def test_any_polls_of_one_history_tell_the_same_operations(data: st.DataObject, history: list[Entry]) -> None:
    first = data.draw(st.integers(0, len(history)))
    one, other = (polled(data.draw(growing_looks(history, first)))[1] for _ in range(2))
    assert ids(operations(one)) == ids(operations(other))
    assert contents(one) == contents(other) == identities(history[first:])


@LAW
@given(data=st.data(), history=HISTORIES.map(with_details))
def test_shuffled_truncated_and_incomplete_logs_lose_and_repeat_nothing(
    data: st.DataObject, history: list[Entry]
) -> None:
    first = data.draw(st.integers(0, len(history)))
    straight = polled(data.draw(growing_looks(history, first)))[1]
    damaged = polled(data.draw(damaged_looks(history, first)))[1]
    assert ids(operations(damaged)) == ids(operations(straight))
    assert contents(damaged) == identities(history[first:])


@LAW
@given(data=st.data(), history=st.lists(ENTRIES, max_size=8, unique_by=lambda entry: (entry.time, entry.type)))
def test_an_operator_that_is_filled_in_later_is_told_once(data: st.DataObject, history: list[Entry]) -> None:
    complete = [entry._replace(operator=entry.operator or "ADMIN") for entry in history]
    lengths = sorted(data.draw(st.lists(st.integers(0, len(history)), max_size=5)))
    looks = [snapshot("TRAINING")]
    for length in lengths:
        pairs = list(zip(history[:length], complete[:length], strict=True))
        looks.append(snapshot("TRAINING", *[data.draw(st.sampled_from(pair)) for pair in pairs]))
    _, told = polled([*looks, snapshot("TRAINING", *complete)])
    assert len(operations(told)) == len(history)
    assert max(ids(told).values()) == 1


@LAW
@given(looks=LOOKS, first_sight=st.sampled_from(["silent", "summary", "all"]))
def test_the_sequence_starts_at_one_and_has_no_gaps_and_no_id_comes_twice(
    looks: list[Snapshot], first_sight: str
) -> None:
    known, told = polled(looks, first_sight=first_sight)  # type: ignore[arg-type]  # one of the three
    assert [event.sequence for event in told] == list(range(1, known.sequence + 1))
    assert [event.data["sequence"] for event in told] == [event.sequence for event in told]
    assert len({event.id for event in told}) == len(told)


@LAW
@given(looks=LOOKS, data=st.data())
def test_a_restored_backup_tells_the_same_transitions_under_the_same_ids(
    looks: list[Snapshot], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(looks)))
    backup, _ = polled(looks[:cut])
    _, first = polled(looks[cut:], known=backup)
    twice = [seen for seen in looks[cut:] for _ in range(2)]
    _, again = polled(twice, known=backup, since=NOON + 86_400)
    assert [(event.id, event.transition, event.sequence) for event in again] == [
        (event.id, event.transition, event.sequence) for event in first
    ]


@LAW
@given(before=HISTORIES, after=HISTORIES)
def test_new_entries_come_in_the_vendors_order_and_before_the_state(before: list[Entry], after: list[Entry]) -> None:
    known, _ = polled([snapshot("MANUAL_VERIFYING", *before)])
    events = list(look(known, snapshot("JOB_SUCCESS", *before, *after)).events)
    assert [event.type for event in events] == ["poller.job.operation_logged"] * len(after) + [
        "poller.job.state_changed"
    ]
    told = [(event.time, event.transition) for event in events[:-1]]
    assert told == [
        (entry.time, entry.type) for entry in sorted(after, key=lambda entry: parse_rfc3339(entry.time) or 0)
    ]


@LAW
@given(looks=LOOKS)
def test_only_states_that_were_read_are_told_and_each_differs_from_the_one_before(looks: list[Snapshot]) -> None:
    told = [event for event in polled(looks)[1] if event.type == "poller.job.state_changed"]
    read = [seen.state for seen in looks]
    first = read[0] if read else None
    expected, state = [], first
    for one in read[1:]:
        if one is not None and one != state:
            expected.append((state, one))
            state = one
    assert [(event.data["previous_state"], event.transition) for event in told] == expected


def test_two_identical_entries_are_two_events_with_two_ids() -> None:
    twin = operation(1, "SUBMIT")
    _, told = polled([snapshot("TRAINING"), snapshot("TRAINING", twin, twin), snapshot("TRAINING", twin, twin, twin)])
    assert len(operations(told)) == len(ids(operations(told))) == 3


def test_an_entry_of_unknown_time_is_told_last_and_at_the_time_of_observation() -> None:
    odd = Entry(family="operation", time="yesterday", type="ODD", operator="SYSTEM")
    _, told = polled([snapshot("TRAINING"), snapshot("TRAINING", odd, operation(5, "SUBMIT"))])
    assert [(event.transition, event.time) for event in told[1:]] == [
        ("SUBMIT", "2023-12-09T07:31:05Z"),
        ("ODD", "2023-12-09T07:32:00.120Z"),
    ]


@LAW
@given(history=HISTORIES, first_sight=st.sampled_from(["silent", "summary", "all"]))
def test_what_follows_has_the_same_ids_however_loud_the_first_sight_was(history: list[Entry], first_sight: str) -> None:
    looks = [snapshot("TRAINING", *history), snapshot("TRAINING", *history, *history)]
    told = operations(polled(looks, first_sight=first_sight)[1])  # type: ignore[arg-type]  # one of the three
    quiet = operations(polled(looks, first_sight="silent")[1])
    assert ids(told[-len(quiet) :] if quiet else []) == ids(quiet)


def test_the_delta_names_what_differs_and_nothing_else() -> None:
    known, _ = polled([snapshot("TRAINING", operation(1, "SUBMIT"), fields={"name": "a", "gone": 1, "same": [1]})])
    seen = snapshot("JOB_SUCCESS", operation(1, "SUBMIT"), operation(2, "TRAIN"), fields={"name": "b", "same": [1]})
    delta = look(known, seen).delta
    assert delta.pop("operation_logs") == [operation(2, "TRAIN").as_json()]
    assert delta == {"state": "JOB_SUCCESS", "name": "b", "gone": None}


def test_a_changed_field_alone_changes_what_is_known_and_tells_nothing() -> None:
    known, _ = polled([snapshot("TRAINING", fields={"name": "a"})])
    change = look(known, snapshot("TRAINING", fields={"name": "b"}))
    assert (change.events, change.delta) == ((), {"name": "b"})


def test_a_job_that_vanishes_is_told_once_and_goes_on_where_it_was_when_it_is_found() -> None:
    known, _ = polled([snapshot("TRAINING", operation(1, "SUBMIT"))])
    gone = vanish(known, SUBJECT, now=NOON)
    still = vanish(gone.known, SUBJECT, now=NOON + 1)
    back = look(still.known, snapshot("TRAINING", operation(1, "SUBMIT"), operation(2, "TRAIN")))
    told = [event.transition for change in (gone, still, back) for event in change.events]
    assert told == ["MISSING", "FOUND", "TRAIN"]
    assert [event.sequence for event in back.events] == [3, 4]
    again = vanish(back.known, SUBJECT, now=NOON + 2)
    assert again.events[0].id != gone.events[0].id


def test_a_job_that_was_never_there_is_missing_then_found_and_watched() -> None:
    gone = vanish(NEVER_SEEN, SUBJECT, now=NOON)
    back = look(gone.known, snapshot("TRAINING"))
    assert [event.transition for event in (*gone.events, *back.events)] == ["MISSING", "FOUND", "WATCHED"]
