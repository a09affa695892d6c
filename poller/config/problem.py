"""What is said about a mistake: where it stands, what was found, what is allowed; and never the value of a secret."""

import datetime
import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Where: TypeAlias = tuple[str | int, ...]

LONGEST_SHOWN: Final = 60
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# How pydantic marks that a key of a table, not its value, is meant.
_KEY_ITSELF: Final = "[key]"
_INT64: Final = 64
# Order matters: a bool is an int, a date-time is a date.
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (dict, "a table"),
    (list, "a list"),
    (tuple, "a list"),
    (datetime.datetime, "a date-time"),
    (datetime.date, "a date"),
    (datetime.time, "a time"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One mistake: the path of keys and list positions to it, and a text that may be shown."""

    where: Where
    text: str

    def line(self) -> str:
        """`sources.prod.jobs[2]: found …; expected …`."""
        return f"{dotted(self.where)}: {self.text}" if self.where else self.text


def dotted(where: Where) -> str:
    """The key path as an operator writes it; list positions count from 0."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{quoted_key(part)}" for part in where if part != _KEY_ITSELF]
    return "".join(parts).removeprefix(".")


def quoted_key(key: str) -> str:
    """The key, in quotes where TOML wants them."""
    return key if _BARE_KEY.fullmatch(key) else shown(key)


def shown(text: str) -> str:
    """A text in double quotes: one line, bounded, without characters that a terminal would obey."""
    cut = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    quoted = json.dumps(cut, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in quoted)


def kind_of(value: object) -> str:
    """The TOML type of a value, without the value: what may be said of a secret."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "nothing")


def found(value: object) -> str:
    """The value itself if it is short and simple, else its type. Not for secrets."""
    match value:
        case str():
            return shown(value)
        case bool():
            return str(value).lower()
        case int() if value.bit_length() < _INT64:
            return str(value)
        case float():
            return str(value)
        case _:
            return kind_of(value)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?` when one of the allowed names is close, else nothing."""
    close = closest(name, allowed)
    return "" if close is None else f'; did you mean "{close}"?'


def closest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that was probably meant; None when none is close."""
    return next(iter(difflib.get_close_matches(name[:LONGEST_SHOWN], list(allowed), n=1)), None)


def listed(names: Iterable[str]) -> str:
    """Names with commas between them, or the word none."""
    return ", ".join(names) or "none"


def not_one_of(value: object, allowed: Iterable[str]) -> str:
    """The text for a value outside a closed list of names."""
    names = list(allowed)
    hint = nearest(value, names) if isinstance(value, str) else ""
    return f"found {found(value)}{hint or ';'} allowed: {listed(names)}"


def repeated(raw: dict[str, Any], key: str) -> Iterable[Problem]:
    """A problem for each item of the list `raw[key]` that stands in it before."""
    items = raw.get(key)
    first: dict[str, int] = {}
    for place, item in enumerate(items if isinstance(items, list | tuple) else ()):
        if isinstance(item, str) and first.setdefault(item, place) != place:
            text = f"found {shown(item)} a second time; {key}[{first[item]}] is the same: remove one"
            yield Problem(where=(key, place), text=text)
