"""How single keys are read: annotations for the fields of tables, each with its check, its way back to text and its JSON Schema."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from poller.config.problem import found, kind_of
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
from poller.config.table import complaint

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
