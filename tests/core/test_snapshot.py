import json

from hypothesis import given
from hypothesis import strategies as st

from poller.core.snapshot import Entry, Snapshot, snapshot_from_json
from tests.core.samples import comment, operation, snapshot

TEXT = st.text(max_size=6)
DETAILS = st.dictionaries(st.sampled_from(["log_description", "error_code", "redo_reasons"]), TEXT)
LOGS = st.lists(
    st.builds(
        Entry,
        family=st.sampled_from(["operation", "comment"]),
        time=TEXT | st.none(),
        type=TEXT | st.none(),
        operator=TEXT | st.none(),
        rest=DETAILS,
    ),
    max_size=5,
)
FIELDS = st.dictionaries(
    st.sampled_from(["name", "tags", "batch_name", "is_flexus"]), TEXT | st.booleans() | st.integers()
)


@given(state=TEXT | st.none(), fields=FIELDS, log=LOGS)
def test_what_is_stored_is_read_back(state: str | None, fields: dict[str, str | bool | int], log: list[Entry]) -> None:
    by_family = sorted(log, key=lambda entry: entry.family, reverse=True)  # operations first, as they are stored
    kept = Snapshot(state=state, fields=fields, entries=tuple(by_family))
    assert snapshot_from_json(json.loads(json.dumps(kept.as_json()))) == kept


def test_an_entry_is_stored_without_and_shown_with_what_is_absent() -> None:
    entry = operation(1, "SUBMIT", None, error_code="E1")
    assert entry.as_json() == {"operate_time": "2023-12-09T07:31:01Z", "log_type": "SUBMIT", "error_code": "E1"}
    assert entry.as_shown() == {
        "operate_time": "2023-12-09T07:31:01Z",
        "log_type": "SUBMIT",
        "log_description": None,
        "operate_user": None,
        "error_code": "E1",
        "redo_reasons": None,
    }


def test_time_type_and_operator_identify_an_entry_and_details_do_not() -> None:
    assert operation(1, "A", log_description="x").identity == operation(1, "A").identity
    others = [operation(2, "A"), operation(1, "B"), operation(1, "A", "USER"), comment(1, "A")]
    assert operation(1, "A").identity not in {entry.identity for entry in others}


def test_the_two_logs_are_told_apart_and_keep_the_vendors_order() -> None:
    entries = (operation(2, "B"), comment(1, "C"), operation(1, "A"))
    seen = snapshot("TRAINING", *entries)
    assert seen.log("operation") == [entries[0], entries[2]]
    assert seen.log("comment") == [entries[1]]
