"""Why a job is polled when it is, in words."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from poller.cli.screen import instant
from poller.cli.spans import span
from poller.core.forecast import LATE
from poller.core.vocabulary import StateClass
from poller.core.work import SourceHealth

if TYPE_CHECKING:
    from poller.core.listing import JobRow

_STRETCHED: Final = 1.01  # times the interval of the class: a longer rest is the rotation's doing
_READABLE: Final = SourceHealth()


def reason_of(
    row: "JobRow",
    sources: Collection[str],
    now: float,
    *,
    every: Mapping[StateClass, float] | None = None,
    health: SourceHealth = _READABLE,
) -> str:
    """Why the next poll is when it is. `every` is in seconds, None when the configuration cannot be read."""
    at_once = _not_polled(row, sources) or _out_of_turn(row, health, now)
    if at_once is not None:
        return at_once
    return (_in_trouble(row) or _in_turn(row, every)) + _lateness(row, now)


def taken_by(row: "JobRow") -> str:
    """Who acknowledged the job in its state, when, and what they said."""
    if row.acknowledged_by is None:
        return "-"
    words = f": {row.acknowledgement}" if row.acknowledgement else ""
    return f"{row.acknowledged_by} {instant(row.acknowledged_at)}{words}"


def _not_polled(row: "JobRow", sources: Collection[str]) -> str | None:
    if row.removed_at is not None:
        return "removed: it is polled no more; `poller jobs add` watches it again"
    if row.source not in sources:
        return "the configuration has no source of this name: it is polled again when the source is back"
    if row.paused:
        return "paused by an operator; `poller jobs resume` goes on"
    if row.due_at is None:
        return "forgotten: it has been done for longer than forget_done_after; `poller jobs poll` asks once more"
    return None


def _out_of_turn(row: "JobRow", health: SourceHealth, now: float) -> str | None:
    if row.claimed_until is not None and row.claimed_until > now:  # PostgreSQL; on SQLite only the daemon knows
        return "being polled just now"
    if health.blind_since is not None:
        return f"its source cannot be read ({health.reason}): one job is asked now and then, the others wait"
    if row.urgent:
        return "urgent, before all others: an operator asked for it, or a list page showed that it has moved or gone"
    return None


def _lateness(row: "JobRow", now: float) -> str:
    if row.due_at is None or row.due_at > now:
        return ""
    if row.due_at >= now - LATE:
        return "; it is due: the daemon asks just now, or within seconds"
    return "; it is overdue: is the daemon running, is the rate of its source high enough?"


def _in_trouble(row: "JobRow") -> str | None:
    if row.missing:
        return "the upstream says that it does not exist; polled on, in case it comes back"
    if row.failures:
        return f"failed polls in a row: {row.failures}; the time between them doubles up to a limit"
    if row.absences:
        return "the last answer was that it does not exist; a second one decides"
    if row.seen_at is None:
        return "it was never polled"
    return None


def _in_turn(row: "JobRow", every: Mapping[StateClass, float] | None) -> str:
    if every is None:
        return f"the interval of the class {row.state_class}"
    wished = every[row.state_class]
    rest = (row.due_at or 0.0) - (row.seen_at or 0.0)
    if rest > wished * _STRETCHED:
        words = f"the rotation of detail calls: at this rate it is its turn after {span(rest)}"
        return f"{words}, though the class {row.state_class} asks for {span(wished)}"
    return f"the interval of the class {row.state_class}: {span(wished)}"
