"""What polls found, as rows: the steps of `Ledger.record`, all in its transaction."""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import Select, Update, bindparam, case, func, insert, literal_column, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.snapshot import Snapshot
from poller.core.timestamps import parse_rfc3339
from poller.core.work import Change, Poll
from poller.store.codec import clean, cleaned, text_field, to_text
from poller.store.enlist import Enlisting, Listed, enlist
from poller.store.leases import chosen, chunks
from poller.store.many import Row, execute_in_turn, execute_many
from poller.store.spelling import spelled
from poller.store.staying import STAY, ended_stays
from poller.store.surveying import alike
from poller.store.tables import jobs, known, snapshots, stays
from poller.store.telling import tell
from poller.store.tending import save_care
from poller.store.upsert import upsert

Changed: TypeAlias = tuple[Poll, Change]

# Rows are made, and read, by position: every poll passes here.
_POLL: Final = (
    *("p_key", "p_revision", "p_due_at", "p_failures", "p_absences", "p_error", "p_seen_at", "p_digest"),
    *("p_entry_rate", "p_quiet"),
)
_ANSWER: Final = ("p_key", "p_revision", "p_due_at", "p_seen_at", "p_entry_rate")
_NONE_BESIDES: Final = (0, 0, None, None, None)  # failures, absences, error, digest, quiet entries
_MOVE: Final = (
    *("p_state", "p_class", "p_name", "p_batch_name", "p_state_since", "p_sequence", "p_missing", "p_created_at"),
    "p_stuck_since",
)
_NOTHING: Final = Snapshot(state=None)
_LED_TO: Final = Listed(origin="by_discovery", labels={}, app_user_id=None)

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
_OTHERWISE: Final = update(jobs).where(*_UNMOVED).values(_POLLED)
_CHANGED: Final = (
    update(jobs)
    .where(*_UNMOVED)
    .values(
        {
            **_POLLED,
            "owner": null(),
            "revision": jobs.c.revision + literal_column("1"),
            "state": bindparam("p_state"),
            "state_class": bindparam("p_class"),
            "name": bindparam("p_name"),
            "batch_name": bindparam("p_batch_name"),
            "state_since": bindparam("p_state_since"),
            "sequence": bindparam("p_sequence"),
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
# No column of an index that shows what a job is: those are the costly ones.
_GROWN: Final = (
    update(jobs)
    .where(*_UNMOVED)
    .values(
        {
            **_POLLED,
            "owner": null(),
            "revision": jobs.c.revision + literal_column("1"),
            "sequence": bindparam("p_sequence"),
        }
    )
)
_REMARKED: Final = (
    update(jobs)
    .where(*_UNMOVED)
    .values(
        revision=jobs.c.revision + 1,
        sequence=bindparam("p_sequence"),
        stuck_since=func.coalesce(bindparam("p_stuck_since", type_=jobs.c.stuck_since.type), jobs.c.stuck_since),
    )
)
_KEY: Final = attrgetter("key")
_KNOWN: Final = ("job", "snapshot", "counts")
_DELTA: Final = ("job", "revision", "observed_at", "delta")
_HISTORY: Final = insert(snapshots)
_STAYS: Final = insert(stays)
_REVISIONS: Final = select(jobs.c.id, jobs.c.revision, jobs.c.owner).where(chosen(jobs)).order_by(jobs.c.id)
_LOCKED_REVISIONS: Final = _REVISIONS.with_for_update()


async def save_unchanged(transaction: AsyncConnection, polls: Sequence[Poll], owner: str | None) -> list[int]:
    """One narrow row each; a job whose revision has moved is left alone: a digest of the past would hide a change.

    So is one that `owner`, this daemon, has no claim on any more; None on SQLite, where there is no other.
    Returns the keys of the jobs that were left alone.
    """
    same: list[Row] = []
    otherwise: list[Row] = []
    for poll in sorted(polls, key=_KEY):
        besides = (poll.failures, poll.absences, poll.error, poll.digest, poll.quiet_entries)
        if poll.seen_at is not None and besides == _NONE_BESIDES:
            same.append((poll.key, poll.revision, poll.due_at, poll.seen_at, _rate(poll)))
        else:
            otherwise.append(_polled(poll))
    saved = await _save(transaction, UNCHANGED, _ANSWER, same, owner)
    saved += await _save(transaction, _OTHERWISE, _POLL, otherwise, owner)
    if saved == len(polls):
        return []
    standing = await _standing(transaction, _REVISIONS, polls)
    return [poll.key for poll in polls if standing.get(poll.key) != (poll.revision, None)]


async def _save(
    transaction: AsyncConnection, statement: Update, names: tuple[str, ...], rows: Sequence[Row], owner: str | None
) -> int:
    """How many rows were as they had been claimed."""
    if not rows:
        return 0
    if owner is not None:
        statement, names, rows = _signed(statement), (*names, "p_owner"), [(*row, owner) for row in rows]
    return (await execute_many(transaction, statement, names, rows)).rowcount


@cache
def _signed(statement: Update) -> Update:
    """On PostgreSQL the claim has to be this daemon's still: one that was paused must not end the lease of whoever has the job now."""
    return statement.where(jobs.c.owner == bindparam("p_owner")).values(owner=null())


async def lock_changed(
    transaction: AsyncConnection, polls: Sequence[Poll], owner: str | None
) -> tuple[list[Changed], list[int]]:
    """Hold the rows until the commit; the polls whose revision and claim still stand, and the keys of the others."""
    found = await _standing(transaction, _LOCKED_REVISIONS, polls)
    standing: list[Changed] = []
    refused: list[int] = []
    for poll in polls:
        # Each revision serves once: a second change of the same job in one batch was compared with the past.
        stands = (poll.revision, owner if poll.claimed else None)
        if poll.change is not None and found.pop(poll.key, None) == stands:
            standing.append((poll, poll.change))
        else:
            refused.append(poll.key)
    return standing, refused


async def _standing(
    transaction: AsyncConnection, statement: Select[int, int, str | None], polls: Sequence[Poll]
) -> dict[int, tuple[int, str | None]]:
    """The revision of each job, and who has claimed it."""
    found: dict[int, tuple[int, str | None]] = {}
    for chunk in chunks(sorted({poll.key for poll in polls})):
        rows = (await transaction.execute(statement, {"p_ids": chunk})).all()
        found |= {key: (revision, owner) for key, revision, owner in rows}
    return found


async def save_changes(transaction: AsyncConnection, changed: Sequence[Changed]) -> None:
    """Job, snapshot, history, events and deliveries."""
    if not changed:
        return
    moved = [(*_polled(poll), *_moved(change)) for poll, change in changed if not change.only_log]
    grown = [(*_polled(poll), change.known.sequence) for poll, change in changed if change.only_log]
    rows = [_known_row(poll.key, change) for poll, change in changed]
    history = [_history_row(poll, change) for poll, change in changed if change.delta]
    left = [stay for _, change in changed for one in change.told for stay in ended_stays(one.event)]
    await execute_in_turn(
        transaction,
        (_CHANGED, (*_POLL, *_MOVE), moved),
        (_GROWN, (*_POLL, "p_sequence"), grown),
        (upsert(transaction, known, ["job"]), _KNOWN, rows),
        (_HISTORY, _DELTA, history),
        (_STAYS, STAY, left),
    )
    await tell(transaction, [(poll.key, told) for poll, change in changed for told in change.told])
    await save_care(transaction, [(poll.key, change) for poll, change in changed])
    for poll, change in changed:
        for source, job_id in change.follow:
            now = poll.seen_at or change.known.state_since
            await enlist(
                transaction, Enlisting(source=source, listed=_LED_TO, now=now, first_due=now, step=0.0), [clean(job_id)]
            )


async def save_remark(transaction: AsyncConnection, key: int, revision: int, change: Change) -> bool:
    """What was noticed about a job without a poll; False, and nothing saved, when its revision has moved."""
    moved = {"p_sequence": change.known.sequence, "p_stuck_since": _stuck_since(change)}
    done = await transaction.execute(_REMARKED, {"p_key": key, "p_revision": revision, **moved})
    if done.rowcount != 1:
        return False
    await execute_many(transaction, upsert(transaction, known, ["job"]), _KNOWN, [_known_row(key, change)])
    await tell(transaction, [(key, told) for told in change.told])
    await save_care(transaction, [(key, change)])
    return True


def _polled(poll: Poll) -> Row:
    """The values of `_POLL`."""
    return (
        poll.key,
        poll.revision,
        poll.due_at,
        poll.failures,
        poll.absences,
        None if poll.error is None else clean(poll.error),
        poll.seen_at,
        poll.digest,
        _rate(poll),
        poll.quiet_entries,
    )


def _rate(poll: Poll) -> float | None:
    return None if poll.entry_rate is None else alike(poll.entry_rate)


def _moved(change: Change) -> Row:
    """The values of `_MOVE`. When the upstream made the job is read where it is new only: else it is in the row."""
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
        _stuck_since(change),
    )


def _stuck_since(change: Change) -> float | None:
    return change.known.state_since if change.stuck else None


def _known_row(key: int, change: Change) -> Row:
    """The values of `_KNOWN`."""
    snapshot = change.known.snapshot
    return key, None if snapshot is None else spelled(snapshot), to_text(change.known.counts)


def _history_row(poll: Poll, change: Change) -> Row:
    """The values of `_DELTA`."""
    observed_at = poll.seen_at if poll.seen_at is not None else change.known.state_since
    return poll.key, poll.revision + 1, observed_at, to_text(change.delta)
