"""How an event is named and worded: its stable id, its summary, its CloudEvent."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from poller.core.event import Event
from poller.core.jsonvalue import Json, JsonObject, Written

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_quoted: Final = json.encoder.encode_basestring  # a string as JSON
_ID_BYTES: Final = 16
_ESCAPED_HALF: Final = "\\ud"  # how the JSON text of half a surrogate pair begins, which is told as "?"
SEQUENCE_DIGITS: Final = 10  # as a string the sequence sorts like the number (CloudEvents sequence extension)


def event_id(*content: str | int | None) -> str:
    """32 hexadecimal digits that are a function of `content`: what is told again, after a crash or a restored backup, has the same id."""
    parts = [_quoted(part) if isinstance(part, str) else "null" if part is None else str(part) for part in content]
    text = f"[{','.join(parts)}]"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_ID_BYTES).hexdigest()


def summary(
    name: str, transition: str, *, operator: str | None = None, previous: str | None = None, remark: str | None = None
) -> str:
    """One line for a person: ``Test Name: SYSTEM_VERIFY_SUCCESS by SYSTEM``, ``Test Name: AUTO_VERIFYING → TRAINING``,
    ``Test Name: REMINDER (reminder 2, TRAIN_FAILED)``.

    The parts are the vendor's and its users' words: line breaks, control and bidirectional characters become spaces.
    """
    name, transition = one_line(name), one_line(transition)
    if operator is not None:
        return f"{name}: {transition} by {one_line(operator)}"
    if previous is not None:
        return f"{name}: {one_line(previous)} → {transition}"
    if remark is not None:
        return f"{name}: {transition} ({one_line(remark)})"
    return f"{name}: {transition}"


def one_line(text: str) -> str:
    """`text` with line breaks, control and bidirectional characters made spaces."""
    if text.isprintable():
        return text
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def cloud_event(event: Event) -> dict[str, Json]:
    """The event as a CloudEvents 1.0 object in structured mode, `data` last."""
    envelope: dict[str, Json] = {
        "specversion": "1.0",
        "id": event.id,
        "source": source_path(event),
        "type": event.type,
        "subject": event.subject,
        "time": event.time,
        "datacontenttype": "application/json",
    }
    if event.sequence is not None:
        envelope["sequence"] = _sequence(event.sequence)
    envelope["data"] = dict(event.data)
    return envelope


def _sequence(number: int) -> str:
    return f"{number:0{SEQUENCE_DIGITS}d}"


def source_path(event: Event) -> str:
    """The CloudEvents `source`: a URI reference, ``/sources/prod`` or ``/notifiers/backend``."""
    return f"/sources/{event.source}" if event.source else f"/notifiers/{event.subject}"


def body(event: Event) -> bytes:
    """The bytes that every attempt of this event carries (JSON, UTF-8)."""
    return _text(event).encode("utf-8", "replace")


def batch(events: Sequence[Event]) -> bytes:
    """The bytes of several events that are told together: the CloudEvents JSON batch format."""
    return f"[{','.join(map(_text, events))}]".encode("utf-8", "replace")


def _text(event: Event) -> str:
    """The event as JSON. Data that is written already is not read to be written again, which would cost more than the signature."""
    if isinstance(event.data, Written) and _ESCAPED_HALF not in event.data.text:
        return _around(event, event.data.text)
    return _ENCODER.encode(cloud_event(event))


def _around(event: Event, data: str) -> str:
    """The same as `cloud_event`, around data that is JSON."""
    sequence = "" if event.sequence is None else f'"sequence":"{_sequence(event.sequence)}",'
    return (
        f'{{"specversion":"1.0","id":{_quoted(event.id)},"source":{_quoted(source_path(event))},"type":{_quoted(event.type)},'
        f'"subject":{_quoted(event.subject)},"time":{_quoted(event.time)},"datacontenttype":"application/json",'
        f'{sequence}"data":{data}}}'
    )


def job_data(
    job_id: str, state: str | None, state_class: str, labels: JsonObject, fields: JsonObject
) -> dict[str, Json]:
    """`data.job`: what is kept of the job, the logs excepted."""
    name = fields.get("name")
    known: dict[str, Json] = {"job_id": job_id, "name": name, "state": state, "class": state_class, "labels": labels}
    return {**known, **fields, **known}
