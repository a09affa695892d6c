"""Templates as keys: compiled and tried with every type of event when the file is read, so that none of them fails at night."""

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Annotated, Any, Final, TypeAlias

from jinja2 import Template as Compiled
from jinja2 import TemplateSyntaxError
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from poller.config.fields import JsonSchema, Text, from_file
from poller.config.problem import kind_of, listed, nearest, quoted_key, shown
from poller.config.sandbox import Sandbox
from poller.config.secrecy import Surroundings
from poller.config.table import complaint
from poller.core.message import cloud_event
from poller.core.notification import Notification
from poller.core.trials import trials

LONGEST_TEMPLATE: Final = 64 * 1024  # characters
LONGEST_REASON: Final = 200  # characters of what jinja2 says
JSON_TYPE: Final = "application/json"
_FORM: Final = 'a jinja2 template as a string, or { file = "PATH" }'
_JSON: Final = re.compile(r"(application|text)/([\w.-]+\+)?json\b", re.IGNORECASE)
_SANDBOX: Final = Sandbox()

ContentType: TypeAlias = Annotated[
    str,
    Text(
        pattern=r"[\w.+-]{1,60}/[\w.+-]{1,60}(; ?[\w.+-]{1,60}=[\w.+-]{1,60}){0,4}",
        allowed="such as text/plain; charset=utf-8",
    ),
]


class Misfit(Exception):
    """A template failed with events. The message is for whoever wrote the template; `brief` holds nothing of the events."""

    def __init__(self, error: Exception) -> None:
        super().__init__(_reason(error))
        line = _line(error)
        self.brief = f"{type(error).__name__} in line {line}" if line else type(error).__name__


@dataclass(frozen=True, slots=True)
class Template:
    """A template that is ready to be used. Equal texts are equal."""

    text: str = field(repr=False)
    compiled: Compiled = field(repr=False, compare=False)

    def render(self, notification: Notification) -> str:
        """The text for these events; the same each time. Raises Misfit."""
        events = [cloud_event(event) for event in notification.events]
        given = {
            "event": events[-1],
            "events": events,
            "summary": "\n".join(str(event.data.get("summary")) for event in notification.events),
            "id": notification.id,
        }
        try:
            return _SANDBOX.rendered(self.compiled, given, len(events))
        except Exception as error:  # noqa: BLE001 whatever a text can make jinja2 raise
            raise Misfit(error) from None


def compiled(text: str) -> Template:
    """The template of this text. Raises ValueError with what is wrong."""
    if not 0 < len(text) <= LONGEST_TEMPLATE:
        raise ValueError(f"found {len(text)} characters; expected {_FORM} of 1 to {LONGEST_TEMPLATE} characters")
    try:
        return Template(text, _SANDBOX.from_string(text))
    except Exception as error:  # noqa: BLE001 whatever a text can make jinja2 raise
        raise ValueError(f"found no jinja2 template: {_reason(error)}; expected {_FORM}") from None


def is_json(content_type: str) -> bool:
    """Whether a body of this type must be JSON."""
    return bool(_JSON.match(content_type))


def tried(template: Template, content_type: str, *, of_a_table: bool = False) -> None:
    """Try it with every type of event. Raises ValueError with the first that it fails for.

    `of_a_table`: the JSON must be an object, to which a robot's signature can be added.
    """
    for what, notification in trials():
        try:
            text = template.render(notification)
        except Misfit as error:
            raise ValueError(
                f"found a template that fails for {what}: {error}; expected one that bears every type"
            ) from None
        if is_json(content_type):
            document = _json(text, what, content_type)
            if of_a_table and not isinstance(document, dict):
                raise ValueError(
                    f"found a template whose result is no JSON object for {what}; expected what the robot takes"
                )


def _json(text: str, what: str, content_type: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {getattr(error, 'lineno', 1)}, column {getattr(error, 'colno', 1)} of the result"
        raise ValueError(
            f"found a template whose result is no JSON for {what} ({where}); expected {content_type}: write values as "
            "{{ value | tojson }}, without quotes around them, or set content_type"
        ) from None


def _reason(error: Exception) -> str:
    """What went wrong and where, in one line."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else _line(error)
    words = " ".join(str(error).split()) or type(error).__name__
    text = f"line {line}: {words}" if line and not words.startswith("line ") else words
    return "".join(char if char.isprintable() else " " for char in text[:LONGEST_REASON])


def _line(error: Exception) -> int | None:
    lines = [number for frame, number in walk_tb(error.__traceback__) if frame.f_code.co_filename == "<template>"]
    return lines[-1] if lines else None


@dataclass(frozen=True, slots=True)
class TemplateRule:
    """A template as a field; `content_type` and `preset` stand before it in its table."""

    def read(self, value: Any, info: ValidationInfo) -> Template | None:
        """The template; raises our complaint."""
        if isinstance(value, Template) or (value is None and not from_file(info)):
            return value
        around = info.context or Surroundings()
        try:
            text = _text(value, around)
            if text is None:
                return None
            template = compiled(text)
            of_a_robot = info.data.get("preset") is not None
            tried(template, info.data.get("content_type") or JSON_TYPE, of_a_table=of_a_robot)
        except ValueError as error:
            raise complaint(str(error)) from None
        return template

    def back(self, value: Template | None) -> str | None:
        """The text."""
        return None if value is None else value.text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        back = core_schema.plain_serializer_function_ser_schema(self.back)
        return core_schema.with_info_plain_validator_function(self.read, serialization=back)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        named = {
            "type": "object",
            "properties": {"file": {"type": "string", "minLength": 1}},
            "required": ["file"],
            "additionalProperties": False,
        }
        return {"anyOf": [{"type": "string", "minLength": 1}, named]}


def _text(value: object, around: Surroundings) -> str | None:
    """The text; None where it is in a file that is not to be read."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"found {kind_of(value)}; expected {_FORM}")  # noqa: TRY004 as all that is wrong with a value here
    if set(value) != {"file"}:
        unknown = [str(name) for name in value if name != "file"]
        hint = f"the unknown key {quoted_key(unknown[0])}{nearest(unknown[0], ['file'])}" if unknown else listed(value)
        raise ValueError(f"found a table with {hint}; expected {_FORM}")
    name = value["file"]
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"found {kind_of(name)} as file; expected the path of a template")
    return _read(around.folder / name, name) if around.look_up else None


def _read(path: Path, name: str) -> str:
    try:
        # Opening a pipe that nobody writes to would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(f"{shown(name)} is not a regular file; expected one that holds a template")
        with path.open("rb") as stream:
            content = stream.read(4 * LONGEST_TEMPLATE + 1)  # bytes of a character, at most 4
    except OSError as error:
        raise ValueError(
            f"the file {shown(name)} cannot be read ({error.strerror}); expected a template in it"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"the file {shown(name)} is not UTF-8 text; expected a template in it") from None
