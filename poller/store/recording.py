"""What polls found, as rows: the steps of `Ledger.record`, all in its transaction."""

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Final, TypeAlias

from sqlalchemy import Select, Update, bindparam, insert, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.work import Change, Poll
from poller.store.codec import clean, to_text
from poller.store.enlist import Enlisting, Listed, enlist
from poller.store.leases import chosen, chunks
from poller.store.many import Row, execute_in_turn, execute_many
from poller.store.polled import (
    ANSWER,
    CHANGED,
    GROWN,
    MOVE,
    OTHERWISE,
    POLL,
    REMARKED,
    UNCHANGED,
    answer_values,
    move_values,
    poll_values,
    stuck_since_of,
)
from poller.store.spelling import spelled
from poller.store.staying import STAY, ended_stays
from poller.store.tables import jobs, known, snapshots, stays
from poller.store.telling import tell
from poller.store.tending import save_care
from poller.store.upsert import upsert

Changed: TypeAlias = tuple[Poll, Change]

_LED_TO: Final = Listed(origin="by_discovery", labels={}, app_user_id=None)
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
        answer = answer_values(poll)
        if answer is not None:
            same.append(answer)
        else:
            otherwise.append(poll_values(poll))
    saved = await _save(transaction, UNCHANGED, ANSWER, same, owner)
    saved += await _save(transaction, OTHERWISE, POLL, otherwise, owner)
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
    moved = [(*poll_values(poll), *move_values(change)) for poll, change in changed if not change.only_log]
    grown = [(*poll_values(poll), change.known.sequence) for poll, change in changed if change.only_log]
    rows = [_known_row(poll.key, change) for poll, change in changed]
    history = [_history_row(poll, change) for poll, change in changed if change.delta]
    moves = [change for _, change in changed if not change.only_log]
    left = [stay for change in moves for one in change.told for stay in ended_stays(one.event)]
    await execute_in_turn(
        transaction,
        (CHANGED, (*POLL, *MOVE), moved),
        (GROWN, (*POLL, "p_sequence"), grown),
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
    moved = {"p_sequence": change.known.sequence, "p_stuck_since": stuck_since_of(change)}
    done = await transaction.execute(REMARKED, {"p_key": key, "p_revision": revision, **moved})
    if done.rowcount != 1:
        return False
    await execute_many(transaction, upsert(transaction, known, ["job"]), _KNOWN, [_known_row(key, change)])
    await tell(transaction, [(key, told) for told in change.told])
    await save_care(transaction, [(key, change)])
    return True


def _known_row(key: int, change: Change) -> Row:
    """The values of `_KNOWN`."""
    snapshot = change.known.snapshot
    return key, None if snapshot is None else spelled(snapshot), to_text(change.known.counts)


def _history_row(poll: Poll, change: Change) -> Row:
    """The values of `_DELTA`."""
    observed_at = poll.seen_at if poll.seen_at is not None else change.known.state_since
    return poll.key, poll.revision + 1, observed_at, to_text(change.delta)
