"""How single keys are read: annotations for the fields of tables, each with its check, its way back to text and its JSON Schema."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from poller.config.problem import Problem, closest, found, kind_of, listed, not_one_of
from poller.config.quantity import (
    DURATION_FORM,
    DURATION_PATTERN,
    RATE_FORM,
    RATE_PATTERN,
    SIZE_FORM,
    SIZE_PATTERN,
    parse_duration,
    parse_rate,
    parse_size,
    write_duration,
    write_rate,
    write_size,
)
from poller.config.table import Table, complaint, problems_of, together

JsonSchema = dict[str, Any]


def from_file(info: ValidationInfo) -> bool:
    """Whether the value comes from a file. Values built in Python have their units already and may be None."""
    return info.context is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number with a unit, written as a string; bounds included."""

    parse: Callable[[str], float]
    write: Callable[[Any], str]
    pattern: str
    form: str
    least: str
    most: str

    def read(self, value: Any, info: ValidationInfo) -> float | None:
        """The number in its unit (seconds, per second, bytes); raises our complaint."""
        if not from_file(info) and isinstance(value, int | float | None) and not isinstance(value, bool):
            return value
        if not isinstance(value, str):
            raise complaint(
                f"found {found(value)} ({kind_of(value)}); expected {self.form}, in quotes and with its unit"
            )
        try:
            number = self.parse(value)
        except ValueError:
            raise complaint(f"found {found(value)}; expected {self.form}") from None
        if not self.parse(self.least) <= number <= self.parse(self.most):
            raise complaint(f"found {found(value)}; allowed: {self.least} to {self.most}")
        return number

    def back(self, value: float | None) -> str | None:
        """The text that means `value`."""
        return None if value is None else self.write(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        back = core_schema.plain_serializer_function_ser_schema(self.back)
        return core_schema.with_info_plain_validator_function(self.read, serialization=back)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


def duration(least: str, most: str) -> Quantity:
    """Seconds."""
    pattern, form = DURATION_PATTERN, DURATION_FORM
    return Quantity(parse=parse_duration, write=write_duration, pattern=pattern, form=form, least=least, most=most)


def rate(least: str, most: str) -> Quantity:
    """A number per second."""
    return Quantity(parse=parse_rate, write=write_rate, pattern=RATE_PATTERN, form=RATE_FORM, least=least, most=most)


def size(least: str, most: str) -> Quantity:
    """Bytes."""
    return Quantity(parse=parse_size, write=write_size, pattern=SIZE_PATTERN, form=SIZE_FORM, least=least, most=most)


# The vendor allows tens of requests a second; the upper bound only keeps slips of the hand out.
Rate: TypeAlias = Annotated[float, rate("1/h", "100000/s")]


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer within bounds, both included."""

    least: int
    most: int

    def read(self, value: Any) -> int:
        """The number; raises our complaint."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise complaint(f"found {found(value)}; allowed: a whole number from {self.least} to {self.most}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A string of one form. `check` raises ValueError with what to say; `show` is false where a secret may have been put by mistake."""

    pattern: str
    allowed: str
    check: Callable[[str], None] | None = None
    show: bool = True

    def read(self, value: Any, info: ValidationInfo) -> str | None:
        """The string; raises our complaint."""
        if value is None and not from_file(info):
            return None
        seen = found(value) if self.show else kind_of(value)
        if not isinstance(value, str):
            raise complaint(f"found {seen}; expected {self.allowed}")
        try:
            (self.check or str)(value)
        except ValueError as error:
            # A check whose value is not shown says by itself what it found.
            raise complaint(f"found {seen}; {error}" if self.show else str(error)) from None
        if not re.fullmatch(self.pattern, value):
            raise complaint(f"found {seen}; expected {self.allowed}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


Glob: TypeAlias = Annotated[
    str, Text(pattern=r"[^\x00-\x1f\x7f]{1,200}", allowed="a glob of 1 to 200 characters, no control characters")
]


class MayBeLeftOut:
    """A table that is None when it is left out; there is no way to write that."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return next(form for form in handler(schema)["anyOf"] if form.get("type") != "null")


@dataclass(frozen=True, slots=True)
class ChosenBy:
    """A table whose form depends on one of its keys. To add a form, add its `Table` to the annotated union."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        forms: dict[str, type[Table]] = {
            name: form
            for form in get_args(source) or (source,)
            for name in get_args(form.model_fields[self.key].annotation)
        }

        def choose(raw: Any, _: Any, info: ValidationInfo) -> Any:
            if isinstance(raw, tuple(forms.values())):
                return raw
            if not isinstance(raw, dict):
                raise complaint(f"found {kind_of(raw)}; expected a table with {self.key} = one of {listed(forms)}")
            chosen = raw.get(self.key)
            if isinstance(chosen, str) and chosen in forms:
                return forms[chosen].model_validate(raw, context=info.context)
            raise together(self.key, [self._unknown(raw, forms), *self._others(raw, forms, info.context)])

        return core_schema.with_info_wrap_validator_function(choose, handler(source))

    def _unknown(self, raw: dict[str, Any], forms: Mapping[str, type[Table]]) -> Problem:
        missing = f"found nothing, the key is missing; allowed: {listed(forms)}"
        return Problem(where=(self.key,), text=not_one_of(raw[self.key], forms) if self.key in raw else missing)

    def _others(self, raw: dict[str, Any], forms: Mapping[str, type[Table]], context: Any) -> Iterable[Problem]:
        """What is wrong with the table besides. Without a name that is close to that of a form, the form that has the most of the keys is
        taken for the one that was meant: which keys are missing, or belong to another form, is then not known.
        """
        named = raw.get(self.key)
        close = closest(named, forms) if isinstance(named, str) else None
        meant = close or max(forms, key=lambda name: len(raw.keys() & forms[name].model_fields.keys()))
        try:
            forms[meant].model_validate({**raw, self.key: meant}, context=context)
        except ValidationError as error:
            known = {name for form in forms.values() for name in form.model_fields}
            doubtful = set() if close else known - raw.keys() | known - forms[meant].model_fields.keys()
            yield from (one for one in problems_of(error) if one.where[0] not in doubtful)
