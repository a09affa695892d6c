"""Whether a connection of the pool still stands. The server is asked only when there is a reason to doubt it: each answer is a trip.

A server that has gone, or wants to, has said so by closing its end, which can be seen without asking.
"""

import select
import time
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

TRUSTED: Final = 1.0  # seconds after its last use in which a connection stands, unless its other end was closed
_LEFT: Final = "poller_left_at"  # by the monotonic clock, beside each connection


def doubt(engine: AsyncEngine) -> None:
    """Check connections of this pool before they are used; one that is broken is replaced, and all older than it."""
    pool_of: Engine = engine.sync_engine

    def checked_in(_connection: Any, record: Any) -> None:
        record.info[_LEFT] = time.monotonic()

    def checked_out(connection: Any, record: Any, _proxy: Any) -> None:
        if not _is_doubtful(record):
            return
        try:
            pool_of.dialect.do_ping(connection)
        except pool_of.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(pool_of, "checkin", checked_in)
    event.listen(pool_of, "checkout", checked_out)


def _is_doubtful(record: Any) -> bool:
    """Whether it was left alone for long, or there is something to read where nothing was asked."""
    left = record.info.get(_LEFT)
    if left is None:  # opened a moment ago
        return False
    return time.monotonic() - left >= TRUSTED or _has_something_to_read(record.driver_connection.fileno())


def _has_something_to_read(descriptor: int) -> bool:
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    return bool(ready.poll(0))
