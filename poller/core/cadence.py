"""When a job is due next, and how long a source rests: pure functions of what came of the last polls."""

from typing import Final

from poller.core.vocabulary import StateClass

SPREAD: Final = 0.1  # intervals vary by up to this share, so that jobs added together drift apart
RETRY_FLOOR: Final = 5.0  # seconds; the first retry after a failed poll, unless the job's own interval is shorter
RETRY_CAP: Final = (
    300.0  # seconds; a job that cannot be read is tried at least this often, unless its interval is longer
)
REFUSED_CAP: Final = (
    3600.0  # seconds; a job that the upstream refuses is not asked about more often than this in the end
)
URGENCY: Final = 1e9  # seconds, 32 years: an urgent job is due so long before it was asked for, hence before all others
_DOUBLINGS: Final = 20  # bounds the exponent: 2**20 is beyond every cap


def next_due(*, now: float, every: float, spread: float) -> float:
    """When a job is due after a successful poll, `every` seconds later at the latest. `spread` is a random number from 0 to 1."""
    return now + every * (1 - SPREAD * spread)


def urgent_due(now: float) -> float:
    """When a job is due that is to come before all others: so long ago that nothing else is; urgent ones keep their order."""
    return now - URGENCY


def is_urgent(due_at: float, now: float) -> bool:
    """Whether this due time is that of an urgent job. `now` may be any instant within years of when it was made so."""
    return due_at < now - URGENCY / 2


def shown_due(due_at: float, now: float) -> float:
    """The due time to show: that of an urgent job is when it was made so."""
    return due_at + URGENCY if is_urgent(due_at, now) else due_at


def retry_due(*, now: float, failures: int, interval: float, cap: float, spread: float) -> float:
    """When a job is due after `failures` failed polls in a row (1 or more): doubling waits from the shorter of its interval and 5 s.

    The wait never exceeds the longer of `cap` and the job's own `interval`, all in seconds.
    """
    wait = min(interval, RETRY_FLOOR) * 2.0 ** min(failures - 1, _DOUBLINGS)
    return now + min(wait, max(cap, interval)) * (1 - SPREAD * spread)


def is_forgotten(*, now: float, state_class: StateClass, state_since: float, forget_done_after: float) -> bool:
    """Whether a `done` job has been so for so long that it is no longer polled."""
    return state_class == "done" and now - state_since >= forget_done_after
