"""The root of every table of the file: closed, frozen, and telling all of its mistakes at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from poller.config.problem import Problem, found, kind_of, listed, nearest, not_one_of, quoted_key


def complaint(text: str) -> PydanticCustomError:
    """The one error type that reaches the operator. The text goes in as a parameter, so that braces in it stay as they are."""
    return PydanticCustomError("poller", "{text}", {"text": text})


def key(written: Any = ..., *, meaning: str, **more: Any) -> Any:
    """A key of a table: its default exactly as it would be written in the file (none: the key is required), and its meaning."""
    return Field(default=written, description=meaning, validate_default=True, **more)


def optional(absent: Any = None, *, meaning: str, **more: Any) -> Any:
    """A key without a default that could be written; `absent` stands for it when it is left out."""
    return Field(default_factory=lambda: absent, description=meaning, **more)


# For a table with free keys: those of the wrong form are refused by the schema too.
CLOSED: Final[dict[str, Any]] = {"additionalProperties": False}


class Table(BaseModel):
    """A table of the file.

    pydantic stops at the mistakes of single keys before it looks at how keys fit together; here both are told. A subclass says in
    `across` what must fit together, looking at the raw table (any part of it may be wrong), and in `complete` what follows from
    other keys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    @classmethod
    def written_keys(cls) -> dict[str, FieldInfo]:
        """The keys as they are written in the file: the names of the attributes, save for a key that is a word of Python."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:  # noqa: ARG003 - for subclasses
        """The mistakes that concern several keys. Must bear any type in any key."""
        return ()

    @classmethod
    def complete(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """The table with what follows from other keys filled in. Must bear any type in any key."""
        return raw

    @model_validator(mode="wrap")
    @classmethod
    def _everything_at_once(cls, raw: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(raw, cls):
            return raw
        if not isinstance(raw, dict):
            raise complaint(f"found {kind_of(raw)}; expected a table with the keys {listed(cls.written_keys())}")
        problems = [*_unknown_keys(cls, raw), *cls.across(raw)]
        value = None
        try:
            value = handler(cls.complete({name: raw[name] for name in raw if name in cls.written_keys()}))
        except ValidationError as error:
            problems += _own_words(cls, error)
        if problems:
            raise together(cls.__name__, problems)
        return value

    @model_serializer(mode="wrap")
    def _as_written(self, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """A key that may be left out, and was, is left out again."""
        fields = type(self).model_fields
        return {
            fields[name].alias or name: value
            for name, value in handler(self).items()
            if value or fields[name].default_factory is None
        }


def problems_of(error: ValidationError) -> list[Problem]:
    """What a validation of a `Table` found, in the order of the file's keys, each once."""
    lines = error.errors(include_url=False, include_input=False)
    return list(dict.fromkeys(Problem(where=one["loc"], text=one["msg"]) for one in lines))


def together(title: str, problems: Iterable[Problem]) -> ValidationError:
    """One error of many; the inputs are left out, they may be secrets."""
    lines = [InitErrorDetails(type=complaint(one.text), loc=one.where, input=None) for one in problems]
    return ValidationError.from_exception_data(title, lines)


def _unknown_keys(table: type[Table], raw: dict[str, Any]) -> Iterable[Problem]:
    for name in raw:
        if name not in table.written_keys():
            # Only the key is shown: a misspelt `password` has a password behind it.
            hint = nearest(name, table.written_keys()) or ";"
            text = f"found an unknown key {quoted_key(name)}{hint} allowed: {listed(table.written_keys())}"
            yield Problem(where=(name,), text=text)


def _own_words(table: type[Table], error: ValidationError) -> Iterable[Problem]:
    for one in error.errors(include_url=False):
        # pydantic counts only the good items: a list of bad ones is not also too short.
        if one["type"] != "too_short" or not one["input"]:
            yield Problem(where=one["loc"], text=_text(table, one))


def _text(table: type[Table], error: ErrorDetails) -> str:
    """Our words for pydantic's own findings. The value is shown only where no secret can stand."""
    value, context = error["input"], error.get("ctx", {})
    if error["type"] == "poller":
        return str(context["text"])
    if error["type"] == "missing":
        return f"found nothing, the key is missing; expected: {table.written_keys()[str(error['loc'][-1])].description}"
    if (
        error["type"] == "too_short"
        and len(error["loc"]) == 1
        and table.written_keys()[str(error["loc"][0])].is_required()
    ):
        return f"found none; expected at least {context['min_length']}, the key is required"
    words = _WORDS.get(error["type"])
    return words(value, context) if words else f"found {kind_of(value)}; {error['msg']}"


def _not_a_list(value: object, _: Mapping[str, Any]) -> str:
    remedy = "; the tables of a list are written [[NAME]], each" if isinstance(value, dict) else ""
    return f"found {kind_of(value)}; expected a list{remedy}"


_WORDS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], str]]] = {
    "literal_error": lambda value, context: not_one_of(value, re.findall("'([^']*)'", str(context["expected"]))),
    "bool_type": lambda value, _: f"found {found(value)}; allowed: true, false",
    "tuple_type": _not_a_list,
    "dict_type": lambda value, _: f"found {kind_of(value)}; expected a table",
    "too_short": lambda _, context: (
        f"found none; expected at least {context['min_length']}: leave the key out if it is not wanted"
    ),
    "too_long": lambda _, context: (
        f"found {context['actual_length']} of them; at most {context['max_length']} are allowed"
    ),
}
