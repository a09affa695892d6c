"""Rows as the JSON objects that the API and `--json` show: times in RFC 3339, `class` for the class of a state."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

import msgspec

from poller.core.batch import Progress
from poller.core.jsonvalue import Json
from poller.core.listing import DeliveryDetail, EventRow, JobDetail
from poller.core.message import cloud_event
from poller.core.silence import Silence
from poller.core.timestamps import rfc3339

TIMES: Final = ("_at", "_since")  # how the names of fields end that hold seconds since 1970
RENAMED: Final[Mapping[str, str]] = {"state_class": "class"}
INNER: Final = frozenset({"key", "revision", "digest"})  # what only the store can use

SILENCING: Final = ("on", "sources", "batch_names", "tags", "names", "labels", "classes", "operators")


def shown(row: Any) -> dict[str, Json]:
    """A row (a dataclass) as a JSON object."""
    return {
        RENAMED.get(name, name): _time(getattr(row, name)) if name.endswith(TIMES) else _plain(getattr(row, name))
        for name in (field.name for field in fields(row))
        if name not in INNER
    }


def detail_shown(detail: JobDetail) -> dict[str, Json]:
    """A job with its snapshot, as one object."""
    return {**shown(detail.row), "snapshot": detail.snapshot}


def delivery_shown(detail: DeliveryDetail) -> dict[str, Json]:
    """A delivery with its event, as notifiers are told it."""
    return {**shown(detail.row), "event": cloud_event(detail.event)}


def event_shown(row: EventRow) -> dict[str, Json]:
    """The event as notifiers tell it, a CloudEvent, with its `position` in the list."""
    return {"position": row.position, **cloud_event(row.event)}


def silence_shown(silence: Silence) -> dict[str, Json]:
    """A silence with its matchers, those that are left out included."""
    which = {name: value for name, value in shown(silence.which).items() if name in SILENCING}
    own = ("id", "author", "comment", "starts_at", "ends_at", "job_ids")
    return {**{name: value for name, value in shown(silence).items() if name in own}, **which}


def batch_shown(progress: Progress) -> dict[str, Json]:
    """A batch with how far it is; `share` is a number from 0 to 1."""
    return {
        **shown(progress),
        "jobs": progress.jobs,
        "ended": progress.ended,
        "share": round(progress.ended / progress.jobs, 4) if progress.jobs else 1.0,
        "done": progress.is_done,
    }


def encode(value: object) -> bytes:
    """JSON in UTF-8."""
    return msgspec.json.encode(value)


def _time(value: float | str | None) -> Json:
    return rfc3339(value) if isinstance(value, int | float) else value


def _plain(value: Any) -> Json:
    if is_dataclass(value):
        return shown(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    plain: Json = value
    return plain
