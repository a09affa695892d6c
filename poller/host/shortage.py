"""Few descriptors left: said in a line, before and while who connects is turned away.

uvloop says nothing of a connection that it has no descriptor for: it takes it and closes it at once. asyncio's own loop leaves it waiting,
tries again every second, and would log a traceback each time.
"""

import asyncio
import errno
import os
import resource
from pathlib import Path
from typing import Any, Final

import structlog

LOOK_EVERY: Final = 5.0  # seconds
NEARLY_ALL: Final = 0.9  # of the descriptors that this process may have

_OWN: Final = Path("/proc/self/fd")
_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = structlog.get_logger(__name__)


class Descriptors:
    """How many of them are in use. Where there is no /proc nothing is known, and nothing said."""

    def __init__(self) -> None:
        self._short = False

    def look(self) -> None:
        """What has changed since the last look is logged once."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = _in_use(limit)
        short = limit != resource.RLIM_INFINITY and used >= NEARLY_ALL * limit
        if short and not self._short:
            log.error("file descriptors run short: with none left, who connects is turned away", used=used, limit=limit)
        elif self._short and not short:
            log.info("there are enough file descriptors again", used=used, limit=limit)
        self._short = short


def _in_use(limit: int) -> int:
    try:
        return len(list(_OWN.iterdir()))
    except OSError as error:  # to look takes one as well
        return limit if error.errno in _SHORT else 0


def watch_shortages() -> None:
    """For asyncio's own loop, if it is what runs now: what it cannot accept is said in a line."""
    asyncio.get_running_loop().set_exception_handler(_judge)


def _judge(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _SHORT:
        log.error("connections have to wait: the system gives no more", reason=os.strerror(error.errno or 0).lower())
    else:
        loop.default_exception_handler(context)
