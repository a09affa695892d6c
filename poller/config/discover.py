"""The key `discover` of a source: off, on, or a table that says which jobs are watched by themselves (INTERFACE.md sections 2 and 9)."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from poller.config.fields import Glob, JsonSchema, duration
from poller.config.problem import Problem, found, kind_of, repeated
from poller.config.table import Table, complaint, key


class Discover(Table):
    """Which of the jobs that the upstream lists are watched by themselves.

    Several tags are alternatives, and so are several batch names; the keys together must all match. An empty list matches all,
    and so does `created_within` when it is None, which is what `discover = true` means.
    """

    tags: tuple[Glob, ...] = key([], meaning="globs over a job's tags", max_length=1000)
    batch_names: tuple[Glob, ...] = key([], meaning="globs over a job's batch name", max_length=1000)
    created_within: Annotated[float | None, duration("10ms", "36500d")] = key(
        "30d", meaning="how long ago a job may have been created"
    )

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Nothing twice."""
        yield from repeated(raw, "tags")
        yield from repeated(raw, "batch_names")


EVERY_JOB: Final = Discover(created_within=None)


class OnOffOrTable:
    """`false` is None, `true` is `EVERY_JOB`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            _read, handler(source), serialization=core_schema.wrap_serializer_function_ser_schema(_back)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        table = next(form for form in handler(schema)["anyOf"] if "$ref" in form)
        return {"anyOf": [{"type": "boolean"}, table]}


def _read(raw: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
    if isinstance(raw, bool):
        return EVERY_JOB if raw else None
    if raw is None or isinstance(raw, dict | Discover):
        return validate(raw)
    keys = ", ".join(Discover.model_fields)
    shown = found(raw) if isinstance(raw, str | int | float) else kind_of(raw)
    raise complaint(f"found {shown}; allowed: true, false, or a table with the keys {keys}")


def _back(value: Discover | None, write: core_schema.SerializerFunctionWrapHandler) -> Any:
    if value is None:
        return False
    return True if value == EVERY_JOB else write(value)
