"""Tables whose form depends on one of their keys: the forms that are built in, and those that plug-ins bring."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SerializationInfo, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from poller.config.fields import JsonSchema
from poller.config.plugged import plugged, plugged_names
from poller.config.problem import Problem, closest, kind_of, listed, not_one_of
from poller.config.table import Table, complaint, problems_of, together


@dataclass(frozen=True, slots=True)
class PlugIns:
    """The group of entry points that brings further forms, and what their tables are."""

    group: str
    base: type[Table]


@dataclass(frozen=True, slots=True)
class ChosenBy:
    """A table whose form depends on one of its keys. To add a form, add its `Table` to the annotated union."""

    key: str
    plug_ins: PlugIns | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        forms: dict[str, type[Table]] = {
            name: form
            for form in get_args(source) or (source,)
            for name in get_args(form.model_fields[self.key].annotation)
        }

        def choose(raw: Any, _: Any, info: ValidationInfo) -> Any:
            if isinstance(raw, Table):
                return raw
            if not isinstance(raw, dict):
                raise complaint(f"found {kind_of(raw)}; expected a table with {self.key} = one of {listed(forms)}")
            chosen = raw.get(self.key)
            if isinstance(chosen, str) and chosen in forms:
                return forms[chosen].model_validate(raw, context=info.context)
            if isinstance(chosen, str) and chosen in self._further():
                return self._plugged(chosen).model_validate(raw, context=info.context)
            raise together(self.key, [self._unknown(raw, forms), *self._others(raw, forms, info.context)])

        back = core_schema.plain_serializer_function_ser_schema(_written, info_arg=True)
        return core_schema.with_info_wrap_validator_function(choose, handler(source), serialization=back)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        forms = [handler(schema)]
        for name in self._further():
            try:
                forms.append(handler(self._plugged(name).__pydantic_core_schema__))
            except ValidationError:  # a plug-in that cannot be used is a mistake of the file that uses it
                continue
        return forms[0] if len(forms) == 1 else {"anyOf": forms}

    def _further(self) -> Iterable[str]:
        return plugged_names(self.plug_ins.group) if self.plug_ins is not None else ()

    def _plugged(self, name: str) -> type[Table]:
        """The form that a plug-in brings; raises our complaint about the key."""
        if self.plug_ins is None:
            raise complaint(f"found {name}")
        try:
            table: type[Table] = plugged(self.plug_ins.group, name, self.plug_ins.base).table
        except ValueError as error:
            raise together(self.key, [Problem(where=(self.key,), text=str(error))]) from None
        return table

    def _unknown(self, raw: dict[str, Any], forms: Mapping[str, type[Table]]) -> Problem:
        names = [*forms, *(name for name in self._further() if name not in forms)]
        missing = f"found nothing, the key is missing; allowed: {listed(names)}"
        return Problem(where=(self.key,), text=not_one_of(raw[self.key], names) if self.key in raw else missing)

    def _others(self, raw: dict[str, Any], forms: Mapping[str, type[Table]], context: Any) -> Iterable[Problem]:
        """What is wrong with the table besides. Without a name that is close to that of a form, the form that has the most of the keys is
        taken for the one that was meant: which keys are missing, or belong to another form, is then not known.
        """
        named = raw.get(self.key)
        close = closest(named, forms) if isinstance(named, str) else None
        meant = close or max(forms, key=lambda name: len(raw.keys() & forms[name].written_keys().keys()))
        try:
            forms[meant].model_validate({**raw, self.key: meant}, context=context)
        except ValidationError as error:
            known = {name for form in forms.values() for name in form.written_keys()}
            doubtful = set() if close else known - raw.keys() | known - forms[meant].written_keys().keys()
            yield from (one for one in problems_of(error) if one.where[0] not in doubtful)


def _written(table: Table, info: SerializationInfo) -> dict[str, Any]:
    """The table as its own form writes it: a plug-in's is not in the union."""
    return table.model_dump(mode=info.mode, exclude_none=info.exclude_none)
