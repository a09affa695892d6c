"""No descriptor left for who connects: said in a line. asyncio tries again every second, and would log a traceback each time."""

import asyncio
import errno
import os
from typing import Any, Final

import structlog

_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = structlog.get_logger(__name__)


def watch_shortages() -> None:
    """For the loop that runs now."""
    asyncio.get_running_loop().set_exception_handler(_judge)


def _judge(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _SHORT:
        log.error("connections have to wait: the system gives no more", reason=os.strerror(error.errno or 0).lower())
    else:
        loop.default_exception_handler(context)
