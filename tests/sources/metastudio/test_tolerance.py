"""Malformed answers: what each costs. A wrong type costs that field only, nonsense is told as nonsense, and nothing raises."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.reading import Failed, Same, Seen, Target
from poller.sources.metastudio.fields import FIELDS
from poller.sources.metastudio.wire import Wire
from tests.sources.metastudio.answers import JOB, answer, encoded

TARGET = Target(job_id=JOB)
WHOLE = encoded(answer())
HUGE = "9" * 6000


def sound() -> Seen:
    reading = Wire().read(WHOLE, TARGET)
    assert isinstance(reading, Seen)
    return reading


SOUND = sound()

NONSENSE = {
    "nothing": b"",
    "white space": b" \n",
    "null": b"null",
    "true": b"true",
    "a number": b"17",
    "a string": b'"not ready"',
    "a list": b"[]",
    "a list around it": b"[" + WHOLE + b"]",
    "an empty object": b"{}",
    "wrapped": b'{"data": ' + WHOLE + b"}",
    "an error with status 200": b'{"error_code": "MSS.00000004", "error_msg": "Internal Error"}',
    "cut in the middle": WHOLE[: len(WHOLE) // 2],
    "cut by one byte": WHOLE[:-1],
    "two objects": WHOLE + WHOLE,
    "a tail": WHOLE + b" x",
    "HTML": b"<html><body>Please log in</body></html>",
    "XML": b"<?xml version='1.0'?><job/>",
    "plain text": b"upstream connect error",
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "single quotes": b"{'job_id': 'x'}",
    "a comment": b'{"state": "TRAINING" /* really */}',
    "a trailing comma": b'{"state": "TRAINING",}',
    "a hundred thousand brackets": b'{"state": "TRAINING", "samples": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a million open braces": b'{"a":' * 1_000_000,
    "another job's": encoded(answer(job_id="0" * 32)),
    "neither id nor state": encoded(answer(job_id=None, state=None)),
    "an id and a state of wrong types": encoded(answer(job_id=1, state=["TRAINING"])),
    "control characters": WHOLE.replace(b"Test Name", b"Test\x01Name"),
}

# What of it is doubtful, and what else then stands there.
SPOILT: dict[str, tuple[bytes, set[str], dict[str, Any]]] = {
    "name a number": (encoded(answer(name=7)), {"name"}, {}),
    "name a list": (encoded(answer(name=["Test"])), {"name"}, {}),
    "job_id a number": (encoded(answer(job_id=0)), {"job_id"}, {}),
    "job_id an object": (encoded(answer(job_id={})), {"job_id"}, {}),
    "tags a string": (encoded(answer(tags="news")), {"tags"}, {}),
    "tags with a number": (encoded(answer(tags=["news", 1])), {"tags"}, {}),
    "tags with null": (encoded(answer(tags=["news", None])), {"tags"}, {}),
    "flag a word": (encoded(answer(is_flexus="true")), {"is_flexus"}, {}),
    "flag a number": (encoded(answer(is_flexus=1)), {"is_flexus"}, {}),
    "count a word": (encoded(answer(flexus_retry_count="two")), {"flexus_retry_count"}, {}),
    "count a fraction": (encoded(answer(flexus_retry_count=1.5)), {"flexus_retry_count"}, {}),
    "count true": (encoded(answer(flexus_retry_count=True)), {"flexus_retry_count"}, {}),
    "count beyond 64 bits": (encoded(answer(flexus_retry_count=2**64)), {"flexus_retry_count"}, {}),
    "count of thousands of digits": (
        WHOLE.replace(b'"flexus_retry_count": 3', b'"flexus_retry_count": ' + HUGE.encode()),
        {"flexus_retry_count"},
        {},
    ),
    "count NaN": (
        WHOLE.replace(b'"flexus_retry_count": 3', b'"flexus_retry_count": NaN'),
        {"flexus_retry_count"},
        {},
    ),
    "NaN in what is not kept": (encoded(answer(samples=[float("nan")])), set(), {}),
    "an endless number in what is not kept": (WHOLE.replace(b'"samples": [', b'"samples": [1e999, '), set(), {}),
    "times as numbers": (encoded(answer(create_time=1_700_000_000)), {"create_time"}, {}),
    "a name that is no UTF-8": (WHOLE.replace(b"Test Name", b"Test \xff\xfe"), {"name"}, {}),
    "half a surrogate pair": (WHOLE.replace(b"Test Name", b"Test \\ud83c!"), {"name"}, {}),
    "the other half": (WHOLE.replace(b"Test Name", b"\\udfb5"), {"name"}, {}),
    "no UTF-8 in what is not kept": (WHOLE.replace(b"13800138000", b"\xff\xfe"), set(), {}),
    "a byte order mark": (b"\xef\xbb\xbf" + WHOLE, set(), {}),
    "a key twice": (WHOLE.replace(b'"name": "Test Name"', b'"name": 5, "name": "Second"'), set(), {"name": "Second"}),
    "NUL in a name": (WHOLE.replace(b"Test Name", b"Te\\u0000st"), set(), {"name": "Test"}),
    "a name that is a link": (encoded(answer(name="https://x.example/a?Signature=b")), set(), {"name": None}),
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=list(NONSENSE))
@pytest.mark.parametrize("keep", [(), ("samples", "contact")])
def test_what_is_no_answer_about_the_job_is_nonsense(body: bytes, keep: tuple[str, ...]) -> None:
    reading = Wire(keep).read(body, TARGET)
    assert isinstance(reading, Failed)
    assert reading.kind == "nonsense"
    assert reading.reason


@pytest.mark.parametrize(("body", "doubtful", "instead"), SPOILT.values(), ids=list(SPOILT))
def test_a_mistake_in_one_field_costs_that_field_only(body: bytes, doubtful: set[str], instead: dict[str, Any]) -> None:
    assert body != WHOLE
    reading = Wire().read(body, TARGET)
    assert isinstance(reading, Seen), reading
    expected = {key: value for key, value in {**SOUND.snapshot.fields, **instead}.items() if value is not None}
    assert dict(reading.snapshot.fields) == {key: value for key, value in expected.items() if key not in doubtful}
    assert reading.snapshot.doubtful == doubtful
    assert reading.snapshot.state == SOUND.snapshot.state
    assert reading.snapshot.entries == SOUND.snapshot.entries


@pytest.mark.parametrize("state", [5, True, ["TRAINING"], {"value": "TRAINING"}, 1.5])
def test_a_state_of_a_wrong_type_is_unknown_and_all_else_is_read(state: object) -> None:
    reading = Wire().read(encoded(answer(state=state)), TARGET)
    assert isinstance(reading, Seen)
    assert reading.snapshot.state is None
    assert reading.snapshot.doubtful == {"state"}
    assert len(reading.snapshot.entries) == 3


@pytest.mark.parametrize("log", ["none", 0, {}, True])
@pytest.mark.parametrize("name", ["operation_logs", "comment_logs"])
def test_a_log_that_is_none_costs_that_log_only(log: Any, name: str) -> None:
    reading = Wire().read(encoded(answer(**{name: log})), TARGET)
    assert isinstance(reading, Seen)
    assert reading.snapshot.doubtful == {name}
    assert len(reading.snapshot.entries) == (1 if name == "operation_logs" else 2)


@pytest.mark.parametrize("wrong", [None, "line", 3, [], {"log_type": 5, "operate_time": "x"}])
def test_a_log_with_a_spoilt_entry_is_doubtful(wrong: object) -> None:
    reading = Wire().read(encoded(answer(operation_logs=[*answer()["operation_logs"], wrong])), TARGET)
    assert isinstance(reading, Seen)
    assert reading.snapshot.doubtful == {"operation_logs"}
    assert reading.snapshot.log("operation")[:2] == list(SOUND.snapshot.log("operation"))


def test_a_spoilt_entry_costs_itself_or_its_field_and_leaves_the_others() -> None:
    good = answer()["operation_logs"]
    wrong_fields = {**good[1], "log_description": {}, "error_code": 500, "redo_reasons": [1, None]}
    untimed = {**good[0], "operate_time": 1_700_000_000}
    log = [None, good[0], "line", 3, [], wrong_fields, untimed, {"log_type": 5, "operate_time": 7}]
    reading = Wire().read(encoded(answer(operation_logs=log, comment_logs=[])), TARGET)
    assert isinstance(reading, Seen)
    first, second, third = reading.snapshot.entries
    assert (first.type, first.time) == ("USER_CREATE_JOD", "2023-12-09T07:31:37Z")
    assert (second.type, second.time, second.rest) == ("SYSTEM_VERIFY_FAILED", "2023-12-09T07:31:43Z", {})
    assert (third.type, third.time) == ("USER_CREATE_JOD", None)
    assert reading.snapshot.doubtful == {"operation_logs"}


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
UNTOUCHED = {"model_version": "V3", "is_background_replacement": True}
spoilable = st.sampled_from([name for name in FIELDS if name not in UNTOUCHED] + ["contact", "samples", "unheard_of"])


@given(name=spoilable, value=jsons, keep=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_field_leaves_the_other_fields_alone(name: str, value: Any, keep: bool) -> None:
    wire = Wire(("samples", "unheard_of") if keep else ())
    reading = wire.read(encoded(answer(**{name: value})), TARGET)
    if name == "job_id" and isinstance(value, str) and value:
        assert isinstance(reading, Failed)
        return
    assert isinstance(reading, Seen), reading
    snapshot = reading.snapshot
    assert {key: snapshot.fields[key] for key in UNTOUCHED} == UNTOUCHED
    assert snapshot.doubtful <= {name}
    assert snapshot.state == ("MANUAL_VERIFYING" if name != "state" else snapshot.state)
    assert len(snapshot.log("operation")) == 2 or name == "operation_logs"
    json.dumps(snapshot.as_json(), allow_nan=False).encode()


@given(st.binary(max_size=60), st.integers(0, len(WHOLE)))
@settings(max_examples=300, deadline=None)
def test_no_bytes_at_all_raise(noise: bytes, at: int) -> None:
    wire = Wire(("samples",))
    for body in (noise, WHOLE[:at] + noise, WHOLE[:at] + noise + WHOLE[at:]):
        reading = wire.read(body, TARGET)
        assert isinstance(reading, Seen | Same | Failed)
        if isinstance(reading, Seen):
            json.dumps(reading.snapshot.as_json(), allow_nan=False).encode()


@given(st.integers(0, 12_000))
@settings(max_examples=30, deadline=None)
def test_no_depth_raises(depth: int) -> None:
    body = b'{"state": "TRAINING", "samples": ' + b'[{"a":' * depth + b"1" + b"}]" * depth + b"}"
    for wire in (Wire(), Wire(("samples",))):
        assert isinstance(wire.read(body, TARGET), Seen | Failed)
