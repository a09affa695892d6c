"""Whether a request is sent in the time that its turn stands for.

What has its turn may have to wait once more, at the door of its credential (`sources.huawei.gate`), for as long as the upstream's answers
take. Its own time has gone unused then, and it goes in the time of others, often together with many that waited behind it.
"""

from contextvars import ContextVar
from typing import Final

LATE: Final = (
    0.25  # seconds that a turn may be used after its time; a later one would come on top of the turns of others
)

_TURN_AT: Final[ContextVar[float | None]] = ContextVar("turn_at", default=None)


def has_turn(at: float) -> None:
    """The next request of this task is to go at `at`, by the clock that never jumps."""
    _TURN_AT.set(at)


def is_late(now: float) -> bool:
    """Whether a request that goes now is too late for the turn of this task; a turn is for one request."""
    at = _TURN_AT.get()
    _TURN_AT.set(None)
    return at is not None and now - at > LATE
