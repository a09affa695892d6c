"""Allow-lists: which fields of an answer are kept, and of what type each is. Nothing else is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["text", "flag", "number", "texts", "instant", "any"]
INT64: Final = 2**63 - 1  # a larger number is a wrong one, and databases do not take it


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of objects, such as a log: of each one what `table` allows."""

    table: "Table"


@dataclass(frozen=True, slots=True)
class Part:
    """An object within an object: of it what `table` allows."""

    table: "Table"


Form: TypeAlias = Kind | Lines | Part
Table: TypeAlias = Mapping[str, Form]


def with_kept(fields: Table, keep_fields: tuple[str, ...]) -> Table:
    """The allow-list and what the operator wants kept besides, which may be of any type. Lists of objects come last."""
    extra: dict[str, Form] = {name: "any" for name in keep_fields if name not in fields}
    lists = {name: form for name, form in fields.items() if isinstance(form, Lines)}
    return {**{name: form for name, form in fields.items() if name not in lists}, **extra, **lists}


def struct_of(name: str, table: Table) -> type[msgspec.Struct]:
    """A type that decodes what `table` allows and skips all else, in the order of `table`."""
    places = {f"field{place}": field for place, field in enumerate(table)}  # a kept field's name may be no identifier
    fields = [(place, _type_of(table[field]), None) for place, field in places.items()]
    return msgspec.defstruct(name, fields, rename=places, omit_defaults=True, gc=False)


def page_of(table: Table, key: str) -> type[msgspec.Struct]:
    """A type that decodes a page: `count`, and as `items` the objects below `key`."""
    items = _type_of(Lines(table))
    return msgspec.defstruct("Page", [("count", Any, None), ("items", items, None)], rename={"items": key}, gc=False)


_NUMBER: Final = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64)]
_TYPES: Final[dict[Kind, Any]] = {
    "text": str | None,
    "flag": bool | None,
    "number": _NUMBER | None,
    "texts": list[str] | None,
    "instant": str | _NUMBER | None,
    "any": Any,
}


def _type_of(kind: Form) -> Any:
    if isinstance(kind, Part):
        return struct_of("Part", kind.table) | None
    if isinstance(kind, Lines):
        return list[struct_of("Line", kind.table)] | None  # type: ignore[misc]  # a type made at run time
    return _TYPES[kind]
