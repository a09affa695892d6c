"""A poll as values of the row of its job: the statements that write it, and what of a poll they take. Pure.

Rows are made, and read, by position: every poll passes here.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, case, func, literal_column, null, update

from poller.core.snapshot import Snapshot
from poller.core.timestamps import parse_rfc3339
from poller.core.work import Change, Poll
from poller.store.codec import clean, cleaned, text_field
from poller.store.many import Row
from poller.store.surveying import alike
from poller.store.tables import jobs

POLL: Final = (
    *("p_key", "p_revision", "p_due_at", "p_failures", "p_absences", "p_error", "p_seen_at", "p_digest"),
    *("p_entry_rate", "p_quiet"),
)
ANSWER: Final = ("p_key", "p_revision", "p_due_at", "p_seen_at", "p_entry_rate")
_NONE_BESIDES: Final = (0, 0, None, None, None)  # failures, absences, error, digest, quiet entries
MOVE: Final = (
    *("p_state", "p_class", "p_name", "p_batch_name", "p_state_since", "p_sequence", "p_missing", "p_created_at"),
    "p_stuck_since",
)
_NOTHING: Final = Snapshot(state=None)

_UNMOVED = (jobs.c.id == bindparam("p_key"), jobs.c.revision == bindparam("p_revision"))
_POLLED: Final[Mapping[str, Any]] = {
    "due_at": bindparam("p_due_at"),
    "claimed_until": null(),
    "failures": bindparam("p_failures"),
    "absences": bindparam("p_absences"),
    "last_error": bindparam("p_error"),
    "seen_at": func.coalesce(bindparam("p_seen_at", type_=jobs.c.seen_at.type), jobs.c.seen_at),
    "first_seen_at": func.coalesce(jobs.c.first_seen_at, bindparam("p_seen_at", type_=jobs.c.seen_at.type)),
    "digest": func.coalesce(bindparam("p_digest", type_=jobs.c.digest.type), jobs.c.digest),
    "entry_rate": func.coalesce(bindparam("p_entry_rate", type_=jobs.c.entry_rate.type), jobs.c.entry_rate),
    "quiet_entries": func.coalesce(bindparam("p_quiet", type_=jobs.c.quiet_entries.type), jobs.c.quiet_entries),
}
# The answer of last time again, which most polls bring: nothing is written that stays as it was.
UNCHANGED: Final = (
    update(jobs)
    .where(*_UNMOVED)
    .values(
        due_at=bindparam("p_due_at"),
        claimed_until=null(),
        failures=literal_column("0"),
        absences=literal_column("0"),
        last_error=null(),
        seen_at=bindparam("p_seen_at"),
        first_seen_at=func.coalesce(jobs.c.first_seen_at, bindparam("p_seen_at", type_=jobs.c.seen_at.type)),
        entry_rate=_POLLED["entry_rate"],
    )
)
OTHERWISE: Final = update(jobs).where(*_UNMOVED).values(_POLLED)
# What is written of any news. No column of an index that shows what a job is: those are the costly ones.
_NEWS: Final[Mapping[str, Any]] = {
    **_POLLED,
    "owner": null(),
    "revision": jobs.c.revision + literal_column("1"),
    "sequence": bindparam("p_sequence"),
}
GROWN: Final = update(jobs).where(*_UNMOVED).values(_NEWS)
CHANGED: Final = (
    update(jobs)
    .where(*_UNMOVED)
    .values(
        {
            **_NEWS,
            "state": bindparam("p_state"),
            "state_class": bindparam("p_class"),
            "name": bindparam("p_name"),
            "batch_name": bindparam("p_batch_name"),
            "state_since": bindparam("p_state_since"),
            "missing": bindparam("p_missing"),
            "created_at": func.coalesce(bindparam("p_created_at", type_=jobs.c.created_at.type), jobs.c.created_at),
            # A new stay was not told as stuck; this one was, if it was before.
            "stuck_since": func.coalesce(
                bindparam("p_stuck_since", type_=jobs.c.stuck_since.type),
                case((jobs.c.stuck_since == bindparam("p_state_since"), jobs.c.stuck_since)),
            ),
        }
    )
)
REMARKED: Final = (
    update(jobs)
    .where(*_UNMOVED)
    .values(
        revision=jobs.c.revision + 1,
        sequence=bindparam("p_sequence"),
        stuck_since=func.coalesce(bindparam("p_stuck_since", type_=jobs.c.stuck_since.type), jobs.c.stuck_since),
    )
)


def answer_values(poll: Poll) -> Row | None:
    """The values of `ANSWER`; None for a poll that brought something else than the answer of last time."""
    key, revision, due_at, seen_at, failures, absences, error, digest, _, entry_rate, quiet, _ = poll
    if seen_at is None or (failures, absences, error, digest, quiet) != _NONE_BESIDES:
        return None
    return key, revision, due_at, seen_at, _rate(entry_rate)


def poll_values(poll: Poll) -> Row:
    """The values of `POLL`."""
    key, revision, due_at, seen_at, failures, absences, error, digest, _, entry_rate, quiet, _ = poll
    reason = None if error is None else clean(error)
    return key, revision, due_at, failures, absences, reason, seen_at, digest, _rate(entry_rate), quiet


def _rate(entry_rate: float | None) -> float | None:
    return None if entry_rate is None else alike(entry_rate)


def move_values(change: Change) -> Row:
    """The values of `MOVE`. When the upstream made the job is read where it is new only: else it is in the row."""
    snapshot = change.known.snapshot or _NOTHING
    return (
        cleaned(snapshot.state),
        change.state_class,
        text_field(snapshot.fields, "name"),
        text_field(snapshot.fields, "batch_name"),
        change.known.state_since,
        change.known.sequence,
        change.known.missing,
        parse_rfc3339(text_field(change.delta, "create_time")),
        stuck_since_of(change),
    )


def stuck_since_of(change: Change) -> float | None:
    """The stay that the change tells as stuck, by its beginning."""
    return change.known.state_since if change.stuck else None
