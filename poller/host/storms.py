"""No storms of lines: a trouble that lasts is said once a minute, not each time that somebody meets it."""

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import structlog

ONCE_PER: Final = 60.0  # seconds between two lines that say the same
REMEMBERED: Final = 1000  # lines; the longest unheard is forgotten first
# Lines that differ in these only say the same: each wait has its own end, each answer the id of its own request.
_PASSING: Final = frozenset({"next_attempt_at", "seconds", "seconds_left", "jobs"})
_REQUEST: Final = re.compile(r" \(request [\w-]+\)")
_WATCHED: Final = frozenset({"warning", "error", "critical"})


class Calm:
    """A step of structlog that drops a warning or an error which was logged within the last minute, with the same fields.

    The line that ends the silence says in `repeated` how often it was dropped. A line with a traceback is never dropped, nor one
    that answers an operator, which says so by the field `asked`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __call__(self, _: Any, name: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """The line, or DropEvent."""
        if line.pop("asked", False) or name not in _WATCHED or "exc_info" in line:
            return line
        key = _REQUEST.sub("", repr(sorted(item for item in line.items() if item[0] not in _PASSING)))
        now = self._clock()
        at, dropped = self._said.get(key, (-ONCE_PER, 0))
        if now - at < ONCE_PER:
            self._said[key] = (at, dropped + 1)
            raise structlog.DropEvent
        self._remember(key, now)
        return line if not dropped else {**line, "repeated": dropped}

    def _remember(self, key: str, now: float) -> None:
        self._said[key] = (now, 0)
        self._said.move_to_end(key)
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)


class Quiet(logging.Filter):
    """The same for lines of libraries: the event loop, say, complains each second while no file descriptor is free."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._calm = Calm(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be written."""
        try:
            self._calm(None, "warning", {"event": str(record.msg), "logger": record.name})
        except structlog.DropEvent:
            return False
        return True
