"""Log lines as logfmt, and when they were written: what structlog writes, for a third of the processor time.

Each transition is a line, so that these two were a twentieth of the time of a poll with news.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import structlog

from poller.core.timestamps import seconds_text

_AS_THEY_ARE: Final = frozenset(
    {str, int, float}
)  # their texts stand in a line without more ado: truth and nothing do not


class Logfmt:
    """Renders the keys `order` first, then the others as they come.

    Whatever has to be quoted, escaped or refused is left to `structlog.processors.LogfmtRenderer`, which says what the format is.
    """

    def __init__(self, order: Sequence[str]) -> None:
        self._first = dict.fromkeys(order)
        self._thorough = structlog.processors.LogfmtRenderer(key_order=order)

    def __call__(self, logger: Any, name: str, line: structlog.typing.EventDict) -> str:
        """The line as text."""
        ordered = {**self._first, **line}
        if _AS_THEY_ARE.issuperset(map(type, ordered.values())):
            text = " ".join([f"{key}={value}" for key, value in ordered.items()])
            if _is_plain(text, len(ordered)):
                return text
        return self._thorough(logger, name, line)


def stamp(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line with the time, in UTC with microseconds."""
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    line["timestamp"] = f"{seconds_text(seconds)}.{micros:06}Z"
    return line


def _is_plain(text: str, fields: int) -> bool:
    """Whether every blank and every `=` of a line is one that stands between its fields or in them, and nothing is to be escaped."""
    return text.count(" ") == fields - 1 and text.count("=") == fields and '"' not in text and text.isprintable()
