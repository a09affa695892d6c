"""From what an expression gave to what may be kept of it; UNREADABLE where it is of another type. Pure."""

import json
import math
from typing import Final, cast

from poller.core.jsonvalue import Json
from poller.core.timestamps import rfc3339
from poller.sources.http_json.evaluating import UNREADABLE, Unreadable

LONGEST_WORD: Final = 300  # characters of a state, a type, a name, an operator, an id
LONGEST_TEXT: Final = 10_000  # characters of a log entry's text; the rest is cut off
LARGEST_KEPT: Final = 64 * 1024  # bytes of a kept field
MAX_DEPTH: Final = 32  # levels of a kept field
INT64: Final = 2**63 - 1  # databases take no larger number
_MILLISECONDS_FROM: Final = 1e11  # as seconds, this is the year 5138
_LONGEST_INTEGER: Final = 20  # characters of a 64-bit number


def load(body: bytes) -> object:
    """The JSON document in `body`: NaN and numbers of thousands of digits are UNREADABLE in it. Raises ValueError or RecursionError."""
    text = body.decode("utf-8-sig", "surrogateescape")
    try:
        return json.loads(text, parse_constant=lambda _: UNREADABLE)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of thousands of digits; a function for each number is slow, so only then
        return json.loads(text, parse_constant=lambda _: UNREADABLE, parse_int=_integer)


def word(value: object) -> str | Unreadable | None:
    """A short text. Numbers and truth values are written out: states and ids come as numbers too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= INT64 else UNREADABLE
    if value is None or value == "":
        return None
    return value if isinstance(value, str) and len(value) <= LONGEST_WORD and _sound(value) else UNREADABLE


def cut(value: object) -> str | Unreadable | None:
    """A text of any length, cut where it is too long."""
    if not isinstance(value, str) or len(value) <= LONGEST_WORD:
        return word(value)
    text = value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    return text if _sound(text) else UNREADABLE


def instant(value: object) -> str | Unreadable | None:
    """A time as text: one that is written out as it stands, a number of seconds or milliseconds since 1970 as RFC 3339."""
    if isinstance(value, bool):
        return UNREADABLE
    if not isinstance(value, int | float):
        return word(value)
    try:
        return rfc3339(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value)
    except (ValueError, OverflowError, OSError):  # no year from 1 to 9999; NaN
        return UNREADABLE


def kept(value: object) -> "Json | Unreadable":
    """Any JSON that is small and flat enough."""
    if not _keepable(value, MAX_DEPTH):
        return UNREADABLE
    return cast("Json", value) if len(json.dumps(value)) <= LARGEST_KEPT else UNREADABLE


def _integer(text: str) -> int | Unreadable:
    return int(text) if len(text) <= _LONGEST_INTEGER and abs(int(text)) <= INT64 else UNREADABLE


def _keepable(value: object, depth: int) -> bool:
    if isinstance(value, dict | list):
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and all(_keepable(item, depth - 1) for item in inner)
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= INT64)


def _sound(text: str) -> bool:
    """Without bytes that were no UTF-8 and halves of surrogate pairs: such a text would be told as something it is not."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
