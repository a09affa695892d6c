"""What a template, and whatever else words events, must bear: every type of event, with little in it, with awkward words, and together."""

from collections.abc import Iterator, Mapping
from typing import Final

from poller.core.event import Event
from poller.core.jsonvalue import Json, JsonObject
from poller.core.notification import Notification, notification_of
from poller.core.schemas import data_schema
from poller.core.specimens import examples

AWKWARD: Final = 'He said: "{{ a }}" \\ <b>&\'</b>\n\t数字人 \U0001f426'
_OURS: Final = frozenset({"class", "job_id", "source", "observed_at"})  # words that are never the upstream's


def trials() -> Iterator[tuple[str, Notification]]:
    """(what it is, the notification) for each."""
    for kind, event in examples().items():
        yield f"an event of type {kind}", notification_of(event)
        yield f"an event of type {kind} with little in it", notification_of(sparse(event))
        yield f"an event of type {kind} with quotes and line breaks in its texts", notification_of(awkward(event))
    yield "several events", Notification(id="0" * 32, events=tuple(examples().values()))


def sparse(event: Event) -> Event:
    """The event with every optional field absent, and null what may be null."""
    least = _least(event.data, data_schema(event.type))
    return event._replace(data=least if isinstance(least, dict) else event.data)


def _least(value: Json, schema: Json) -> Json:
    kinds = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(kinds, list) and "null" in kinds:
        return None
    if isinstance(schema, Mapping) and isinstance(value, Mapping):
        fields, needed = schema.get("properties"), schema.get("required")
        known = fields if isinstance(fields, Mapping) else {}
        return {
            name: _least(value[name], known.get(name)) for name in value if isinstance(needed, list) and name in needed
        }
    return [] if isinstance(value, list) else value


def awkward(event: Event) -> Event:
    """The event with `AWKWARD` for every text of the upstream and its users."""
    return event._replace(transition=AWKWARD, data=_awkward_object(event.data))


def _awkward_object(data: JsonObject) -> dict[str, Json]:
    return {name: value if name in _OURS else _awkward(value) for name, value in data.items()}


def _awkward(value: Json) -> Json:
    match value:
        case str():
            return AWKWARD
        case dict():
            return _awkward_object(value)
        case list():
            return [_awkward(item) for item in value]
        case _:
            return value
