"""Whether events are what docs/schemas/events.json says, to the letter: a field that it does not name is a misfit here."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator

from poller.core.schemas import event_schema
from tests.docs.pages import DOCS

SCHEMA: Final = DOCS / "schemas" / "events.json"


def written_schema() -> Any:
    """What consumers read."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@cache
def exactly(kind: Any) -> Draft202012Validator:
    """A type's schema, its `data` closed; of the job only what is always there is named, the rest is the vendor's."""
    schema: Any = json.loads(json.dumps(event_schema(kind)))
    schema["additionalProperties"] = False
    schema["properties"]["data"]["additionalProperties"] = False
    return Draft202012Validator(schema)


def misfits(bodies: Iterable[bytes]) -> list[tuple[str, str]]:
    """(type, what is wrong) for each event in these bodies that does not fit; each body an event or several."""
    found: list[tuple[str, str]] = []
    for body in bodies:
        told = json.loads(body)
        for event in told if isinstance(told, list) else [told]:
            found += misfits_of(event)
    return found


def misfits_of(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same of one event."""
    return [(event["type"], error.message) for error in exactly(event["type"]).iter_errors(event)]
