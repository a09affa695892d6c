"""The types of what `shown` makes of rows, for the OpenAPI document: derived from the dataclasses, so that the two cannot part."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

from poller.web.shown import INNER, RENAMED, TIMES

Instant: TypeAlias = Annotated[
    str, msgspec.Meta(extra_json_schema={"format": "date-time"}, description="RFC 3339, UTC")
]
Object: TypeAlias = dict[str, Any]
_NEXT: Any = Annotated[
    int | None, msgspec.Meta(description="where the page that follows begins; null: this was the last")
]


def shape(kind: type, name: str, **more: Any) -> type[msgspec.Struct]:
    """The JSON object that `shown` makes of the dataclass `kind`, with the fields `more` beside."""
    hints = get_type_hints(kind)
    of_kind = [(field.name, _shown(field.name, hints[field.name])) for field in fields(kind) if field.name not in INNER]
    return msgspec.defstruct(name, [*of_kind, *more.items()], rename=RENAMED, kw_only=True)


def page_of(item: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    """One page of a list, as `served.page` makes it."""
    items: Any = list[item]  # type: ignore[valid-type]  # a type that was made here
    return msgspec.defstruct(name, [("items", items), ("next", _NEXT)], kw_only=True)


def whole_of(item: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    """A list that is short enough to come in one."""
    items: Any = list[item]  # type: ignore[valid-type]  # a type that was made here
    return msgspec.defstruct(name, [("items", items)], kw_only=True)


def _shown(name: str, hint: Any) -> Any:
    if name.endswith(TIMES):
        return Instant | None if type(None) in get_args(hint) else Instant
    if get_origin(hint) is Mapping:
        return dict[str, str] if get_args(hint) == (str, str) else Object
    return hint
