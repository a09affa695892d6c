"""What a delivered body says: a CloudEvent in structured JSON, read strictly (INTERFACE.md section 4)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

CONTENT_TYPE: Final = "application/cloudevents+json"
BATCH_TYPE: Final = "application/cloudevents-batch+json"
JOB_PREFIX: Final = "poller.job."
EntryKey = tuple[str | None, str | None, str | None]


class NotAnEvent(Exception):
    """The body is not an event as section 4 describes it; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One event, as far as an audit asks. `sequence` is None where there is no job; `observed_at` in seconds."""

    id: str
    type: str
    subject: str
    source: str
    time: str
    transition: str
    sequence: int | None
    state: str | None
    previous_state: str | None
    operation: EntryKey | None
    operations: tuple[EntryKey, ...]
    observed_at: float
    data: dict[str, Any] = field(repr=False)

    @property
    def of_job(self) -> bool:
        """Its subject is a job."""
        return self.type.startswith(JOB_PREFIX)


class _Data(msgspec.Struct):
    transition: str
    summary: str
    source: str | None
    observed_at: str
    job: dict[str, Any] | None
    operation: dict[str, Any] | None = None
    sequence: int | None = None
    previous_state: str | None = None
    operations: list[dict[str, Any]] | None = None


class _Envelope(msgspec.Struct):
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    data: dict[str, Any]
    sequence: str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode


def read_batch(body: bytes) -> list[tuple[bytes, Told]]:
    """The events that are told together in `body`, each with its own bytes; raises NotAnEvent."""
    try:
        parts = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, ValueError) as wrong:
        raise NotAnEvent(str(wrong)) from None
    if not parts:
        raise NotAnEvent("a batch without an event")
    return [(bytes(part), read_event(bytes(part))) for part in parts]


def read_event(body: bytes) -> Told:
    """The event in `body`; raises NotAnEvent."""
    try:
        envelope = _decode(body)
        data = msgspec.convert(envelope.data, _Data)
        observed_at = _moment(data.observed_at)
        _moment(envelope.time)
    except (msgspec.MsgspecError, ValueError) as wrong:
        raise NotAnEvent(str(wrong)) from None
    problem = _contradiction(envelope, data)
    if problem is not None:
        raise NotAnEvent(problem)
    job = data.job or {}
    return Told(
        id=envelope.id,
        type=envelope.type,
        subject=envelope.subject,
        source=envelope.source,
        time=envelope.time,
        transition=data.transition,
        sequence=data.sequence,
        state=job.get("state"),
        previous_state=data.previous_state,
        operation=None if data.operation is None else _key(data.operation),
        operations=tuple(_key(line) for line in data.operations or ()),
        observed_at=observed_at,
        data=envelope.data,
    )


def _contradiction(envelope: _Envelope, data: _Data) -> str | None:
    if envelope.specversion != "1.0":
        return "specversion is not 1.0"
    if envelope.datacontenttype != "application/json":
        return "datacontenttype is not application/json"
    if not envelope.type.startswith(JOB_PREFIX):
        return None
    if data.job is None or data.job.get("job_id") != envelope.subject:
        return "subject is not the job's id"
    if data.sequence is None or envelope.sequence is None or envelope.sequence != f"{data.sequence:010d}":
        return "the sequence in the envelope is not that of the data"
    return None


def _key(line: dict[str, Any]) -> EntryKey:
    return line.get("operate_time"), line.get("log_type"), line.get("operate_user")


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time has no zone")
    return moment.timestamp()
