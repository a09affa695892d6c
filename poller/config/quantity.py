"""Durations, rates and sizes as an operator writes them (INTERFACE.md section 2).

A bad text is a ValueError that shows how to write it.
"""

import re
from collections.abc import Mapping
from typing import Final

# Milliseconds per unit, in the order in which units may be combined.
_MILLISECONDS: Final[Mapping[str, int]] = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_SECONDS_PER: Final[Mapping[str, int]] = {"s": 1, "min": 60, "h": 3600}
_BYTES: Final[Mapping[str, int]] = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}

# Nine digits hold thirty years of seconds, and keep a slip of the hand out of the arithmetic.
DURATION_PATTERN: Final = "(?=.)" + "".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _MILLISECONDS)
RATE_PATTERN: Final = r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/(s|min|h)"
SIZE_PATTERN: Final = "([0-9]{1,9})(B|KiB|MiB|GiB)"

DURATION_FORM: Final = 'a duration such as "200ms", "30s", "5m", "1h30m" or "7d"'
RATE_FORM: Final = 'a rate such as "5/s", "100/min" or "20/h"'
SIZE_FORM: Final = 'a size such as "512B", "64KiB" or "1MiB"'


def parse_duration(text: str) -> float:
    """Seconds. Units d h m s ms, each at most once and from long to short; raises ValueError."""
    match = re.fullmatch(DURATION_PATTERN, text)
    if match is None:
        raise ValueError(DURATION_FORM)
    counts = zip(match.groups(default="0"), _MILLISECONDS.values(), strict=True)
    return sum(int(count) * milliseconds for count, milliseconds in counts) / 1000


def write_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as `seconds`, to the millisecond."""
    left = round(seconds * 1000)
    parts = []
    for unit, milliseconds in _MILLISECONDS.items():
        count, left = divmod(left, milliseconds)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


def parse_rate(text: str) -> float:
    """A number per second. Raises ValueError."""
    match = re.fullmatch(RATE_PATTERN, text)
    if match is None:
        raise ValueError(RATE_FORM)
    return float(match[1]) / _SECONDS_PER[match[2]]


def write_rate(per_second: float) -> str:
    """A text that `parse_rate` reads as `per_second`, in the first unit that needs no more than three decimals."""
    for unit, seconds in _SECONDS_PER.items():
        count = round(per_second * seconds, 3)
        if count / seconds == per_second:
            return f"{count:.3f}".rstrip("0").rstrip(".") + f"/{unit}"
    return f"{per_second * 3600:.3f}/h"


def parse_size(text: str) -> int:
    """Bytes. Raises ValueError."""
    match = re.fullmatch(SIZE_PATTERN, text)
    if match is None:
        raise ValueError(SIZE_FORM)
    return int(match[1]) * _BYTES[match[2]]


def write_size(count: int) -> str:
    """The text in the largest unit that divides `count` bytes."""
    unit, size = next((unit, size) for unit, size in _BYTES.items() if count % size == 0 and (count or size == 1))
    return f"{count // size}{unit}"
