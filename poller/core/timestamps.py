"""Instants: floats, seconds since 1970 UTC, and their RFC 3339 spelling."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

# RFC 3339 section 5.6; stricter than `datetime.fromisoformat`, which also takes week dates and times without an offset.
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def rfc3339(at: float) -> str:
    """`at` with milliseconds, in UTC: ``2023-12-09T07:31:50.120Z``."""
    seconds, milliseconds = divmod(round(at * 1000), 1000)
    return f"{seconds_text(seconds)}.{milliseconds:03}Z"


@lru_cache(maxsize=1024)  # what happens at one time is told together
def seconds_text(at: int) -> str:
    """A whole second in UTC, without its zone: ``2023-12-09T07:31:50``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def parse_rfc3339(text: str | None) -> float | None:
    """The instant that `text` names, or None when it is not an RFC 3339 date-time."""
    if text is None or not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):  # the 31st of February, year 0000
        return None
