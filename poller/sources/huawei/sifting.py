"""The tolerant way to read an answer: field by field, where a wrong type costs that field only (FACTS.md, Content).

Slower than the typed decode, which is tried first; on answers without a mistake both give the same.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from poller.core.jsonvalue import Json
from poller.sources.huawei.allowed import INT64, Form, Kind, Lines, Part, Table

MAX_DEPTH: Final = 32  # levels of a kept value; deeper is no content but a mistake or an attack
_LONGEST_NUMBER: Final = 20  # characters of a 64-bit integer


class Unreadable:
    """Stands where a value is of a wrong type, out of range or no JSON."""


UNREADABLE: Final = Unreadable()
Read: TypeAlias = "Json | Unreadable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sifted:
    """The fields that could be read, in the order of the table, null ones left out; and the names of those that could not."""

    fields: dict[str, Json]
    doubtful: tuple[str, ...]


def sift(body: bytes, table: Table) -> Sifted | None:
    """What can be read of `body`; None when it is not a JSON object."""
    try:
        answer = _load(body)
        return _sift_object(answer, table) if isinstance(answer, dict) else None
    except (ValueError, RecursionError):
        return None


def sift_page(body: bytes, key: str, table: Table) -> tuple[list[Sifted], int, object] | None:
    """What can be read of the objects in the list below `key`, how long the list is, and `count`; None when there is no list.

    A list that is absent or null is an empty one where `count` is 0.
    """
    try:
        answer = _load(body)
        if not isinstance(answer, dict):
            return None
        items, count = answer.get(key), answer.get("count")
        if items is None and count == 0 and count is not False:
            items = []
        if not isinstance(items, list):
            return None
        return [_sift_object(item, table) for item in items if isinstance(item, dict)], len(items), count
    except (ValueError, RecursionError):
        return None


def too_deep(value: object, depth: int = MAX_DEPTH) -> bool:
    """Whether `value` has more than `depth` levels of lists and objects."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(too_deep(item, depth - 1) for item in inner)


def _load(body: bytes) -> object:
    text = body.decode("utf-8-sig", "surrogateescape")
    return json.loads(text, parse_constant=lambda _: UNREADABLE, parse_int=_integer, parse_float=_float)


def _integer(text: str) -> Read:
    return int(text) if len(text) <= _LONGEST_NUMBER and abs(int(text)) <= INT64 else UNREADABLE


def _float(text: str) -> Read:
    number = float(text)
    return number if math.isfinite(number) else UNREADABLE


def _sift_object(answer: Mapping[str, object], table: Table) -> Sifted:
    fields: dict[str, Json] = {}
    doubtful: list[str] = []
    for name, kind in table.items():
        value, whole = _read(answer.get(name), kind)
        if value is not None:
            fields[name] = value
        if not whole:
            doubtful.append(name)
    return Sifted(fields=fields, doubtful=tuple(doubtful))


def _read(value: object, form: Form) -> "_Result":
    if isinstance(form, Lines):
        return _entries(value, form.table)
    return _part(value, form.table) if isinstance(form, Part) else _READERS[form](value)


# A reader gives the value, None for absent or unreadable, and whether all of it could be read.
_Result: TypeAlias = "tuple[Json, bool]"
_LOST: Final[_Result] = (None, False)
_ABSENT: Final[_Result] = (None, True)


def _text(value: object) -> _Result:
    if value is None:
        return _ABSENT
    return (value, True) if isinstance(value, str) and _sound(value) else _LOST


def _flag(value: object) -> _Result:
    return (value, True) if value is None or isinstance(value, bool) else _LOST


def _number(value: object) -> _Result:
    if value is None:
        return _ABSENT
    return (value, True) if isinstance(value, int) and not isinstance(value, bool) else _LOST


def _instant(value: object) -> _Result:
    return _text(value) if isinstance(value, str) else _number(value)


def _texts(value: object) -> _Result:
    if value is None:
        return _ABSENT
    whole = isinstance(value, list) and all(isinstance(item, str) and _sound(item) for item in value)
    return (list(value), True) if whole and isinstance(value, list) else _LOST


def _any(value: object) -> _Result:
    return _LOST if too_deep(value) or not _all_sound(value) else (value, True)  # type: ignore[return-value]  # came from JSON


def _part(value: object, table: Table) -> _Result:
    if value is None:
        return _ABSENT
    if not isinstance(value, dict):
        return _LOST
    sifted = _sift_object(value, table)
    return sifted.fields, not sifted.doubtful


def _entries(value: object, table: Table) -> _Result:
    if value is None:
        return _ABSENT
    if not isinstance(value, list):
        return _LOST
    sifted = [_sift_object(item, table) for item in value if isinstance(item, dict)]
    whole = len(sifted) == len(value) and not any(entry.doubtful for entry in sifted)
    return [entry.fields for entry in sifted], whole


def _sound(text: str) -> bool:
    """Without bytes that were no UTF-8 and halves of surrogate pairs: such a text would be told as something it is not."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _all_sound(value: object) -> bool:
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, dict):
        return all(_sound(key) and _all_sound(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_all_sound(item) for item in value)
    return not isinstance(value, Unreadable)


_READERS: Final[Mapping[Kind, Callable[[object], _Result]]] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "texts": _texts,
    "instant": _instant,
    "any": _any,
}
