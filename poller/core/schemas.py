"""The JSON Schema of every type of event: docs/schemas/events.json is made of it, and so is what templates are tried with.

A new type of event says here what its `data` holds: a line in `MORE`.
"""

from collections.abc import Mapping
from typing import Final

from poller.core.event import EVENT_TYPES, EventType
from poller.core.jsonvalue import Json
from poller.core.vocabulary import CLASSES

Schema = Mapping[str, Json]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
NUMBER: Final[Schema] = {"type": "number"}
NUMBER_OR_NULL: Final[Schema] = {"type": ["number", "null"]}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NULL: Final[Schema] = {"type": "null"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
ANYTHING_OR_NULL: Final[Schema] = {"type": ["string", "number", "boolean", "array", "object", "null"]}


def table(fields: Mapping[str, Schema], *, optional: Mapping[str, Schema] | None = None, null: bool = False) -> Schema:
    """An object with these fields always, the `optional` ones sometimes, and perhaps more; or null."""
    return {
        "type": ["object", "null"] if null else "object",
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
    }


def listed(items: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items}


JOB: Final = table(
    {
        "job_id": TEXT,
        "name": TEXT_OR_NULL,
        "state": TEXT_OR_NULL,
        "class": {"type": "string", "enum": list(CLASSES)},
        "labels": {"type": "object", "additionalProperties": TEXT},
    }
)
OPERATION: Final = table(
    {
        "operate_time": TEXT_OR_NULL,
        "log_type": TEXT_OR_NULL,
        "log_description": TEXT_OR_NULL,
        "operate_user": TEXT_OR_NULL,
        "error_code": TEXT_OR_NULL,
        "redo_reasons": ANYTHING_OR_NULL,
    }
)
COMMENT: Final = table(
    {
        "operate_time": TEXT_OR_NULL,
        "comment_type": TEXT_OR_NULL,
        "comment_title": TEXT_OR_NULL,
        "comment_message": TEXT_OR_NULL,
    }
)
STUCK: Final = table(
    {
        "state": TEXT,
        "seconds_in_state": NUMBER,
        "limit": NUMBER,
        "usual": table({"p50": NUMBER, "p95": NUMBER, "stays": COUNT}, null=True),
        "longer_share": NUMBER_OR_NULL,
    }
)
TENDING: Final = table(
    {"state": TEXT_OR_NULL, "opened_at": TIME, "seconds": NUMBER, "reminders": COUNT, "escalated": {"type": "boolean"}}
)
ACKNOWLEDGED: Final = table({"author": TEXT, "comment": TEXT_OR_NULL, "state": TEXT_OR_NULL})
BATCH: Final = table(
    {
        "batch_name": TEXT,
        "jobs": COUNT,
        "classes": {"type": "object", "additionalProperties": COUNT},
        "missing": COUNT,
        "completion": COUNT,
    }
)

# What `data` holds of a type beyond what all have, or otherwise than they do.
MORE: Final[Mapping[EventType, Mapping[str, Schema]]] = {
    "poller.job.state_changed": {"previous_state": TEXT_OR_NULL, "seconds_in_previous_state": NUMBER_OR_NULL},
    "poller.job.operation_logged": {"operation": OPERATION},
    "poller.job.commented": {"comment": COMMENT},
    "poller.job.watched": {"operations": listed(OPERATION)},
    "poller.job.reopened": {"previous_state": TEXT_OR_NULL},
    "poller.job.stuck": {"stuck": STUCK},
    "poller.job.missing": {},
    "poller.job.found": {},
    "poller.job.reminder": {"tending": TENDING},
    "poller.job.escalated": {"tending": TENDING},
    "poller.job.acknowledged": {"acknowledged": ACKNOWLEDGED},
    "poller.batch.done": {"reason": TEXT, "batch": BATCH},
    "poller.source.blind": {"reason": TEXT},
    "poller.source.recovered": {"reason": TEXT, "seconds_blind": NUMBER, "jobs_waiting": {"type": ["integer", "null"]}},
    "poller.source.expiring": {"reason": TEXT, "expires_at": TIME},
    "poller.source.renewed": {"reason": TEXT},
    "poller.notifier.failing": {"reason": TEXT},
    "poller.notifier.disabled": {"reason": TEXT},
    "poller.notifier.recovered": {"reason": TEXT},
    "poller.test": {"reason": TEXT},
}


def data_schema(kind: EventType) -> Schema:
    """The schema of `data` of this type."""
    of_a_job = kind.startswith("poller.job.")
    common: dict[str, Schema] = {
        "transition": TEXT,
        "summary": TEXT,
        "source": TEXT if of_a_job or kind.startswith(("poller.source.", "poller.batch.")) else NULL,
        "sequence": {"type": "integer", "minimum": 1} if of_a_job else NULL,
        "observed_at": TIME,
        "job": JOB if of_a_job else NULL,
        "operation": NULL,
        "previous_state": NULL,
        "seconds_in_previous_state": NULL,
    }
    return table(common | dict(MORE[kind]))


def event_schema(kind: EventType) -> Schema:
    """The schema of the CloudEvent of this type."""
    always: dict[str, Schema] = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "source": {"type": "string", "pattern": "^/(sources|notifiers)/"},
        "type": {"const": kind},
        "subject": TEXT,
        "time": TIME,
        "datacontenttype": {"const": "application/json"},
        "data": data_schema(kind),
    }
    sequence: Schema = {"type": "string", "pattern": "^[0-9]{10}$"}
    if kind.startswith("poller.job."):
        return table(always | {"sequence": sequence})
    return table(always)


def schemas() -> dict[str, Json]:
    """One schema for any event: exactly one type of `$defs` fits."""
    return {
        "$schema": DIALECT,
        "title": "Events of poller",
        "description": "A CloudEvent as notifiers of poller tell it. More types and more fields may come: ignore what you do not know.",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in EVENT_TYPES],
        "$defs": {kind: event_schema(kind) for kind in EVENT_TYPES},
    }
