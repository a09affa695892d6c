"""Putting jobs on the list and taking them off it, a batch in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from sqlalchemy import RowMapping, and_, bindparam, case, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.store.codec import strings, to_text
from poller.store.leases import chunks
from poller.store.tables import columns, jobs
from poller.store.upsert import insert_new

OriginColumn: TypeAlias = Literal["by_file", "by_request", "by_discovery"]
ORIGIN_COLUMNS: Final[tuple[OriginColumn, ...]] = get_args(OriginColumn)

_EXISTING: Final = (
    select(*columns(jobs, "id", "job_id", "labels", "app_user_id", "paused", "watching", "due_at", "removed_at"))
    .add_columns(*columns(jobs, *ORIGIN_COLUMNS, "removed_by_operator"))
    .where(jobs.c.source == bindparam("p_source"), jobs.c.job_id.in_(bindparam("p_job_ids", expanding=True)))
    .order_by(jobs.c.id)
    .with_for_update()
)
_OTHERWISE: Final = or_(jobs.c.by_request, jobs.c.by_discovery)
_UNLIST: Final = (
    update(jobs)
    .where(jobs.c.source == bindparam("p_source"), jobs.c.job_id.in_(bindparam("p_job_ids", expanding=True)))
    .values(
        by_file=False,
        watching=and_(_OTHERWISE, not_(jobs.c.paused)),
        paused=and_(_OTHERWISE, jobs.c.paused),
        removed_at=case((_OTHERWISE, jobs.c.removed_at), else_=bindparam("p_now", type_=jobs.c.removed_at.type)),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """Why jobs are watched and what is said of them."""

    origin: OriginColumn
    labels: Mapping[str, str]
    app_user_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Enlisting:
    """One batch: the first of its new jobs is due at `first_due`, each later one `step` seconds after the one before."""

    source: str
    listed: Listed
    now: float
    first_due: float
    step: float


def is_wanted(row: Mapping[str, object] | RowMapping) -> bool:
    """Whether there is a reason to watch a job, paused or not."""
    return any(row[column] for column in ORIGIN_COLUMNS)


def is_watched(row: Mapping[str, object]) -> bool:
    """Whether a job is polled: somebody wants it, and nobody has paused it."""
    return is_wanted(row) and not row["paused"]


async def enlist(transaction: AsyncConnection, enlisting: Enlisting, job_ids: Sequence[str]) -> int:
    """Add what is not there, revive and label what is; returns how many were not watched before. A job that fits is not touched."""
    existing: dict[str, RowMapping] = {}
    for chunk in chunks(job_ids):
        found = await transaction.execute(_EXISTING, {"p_source": enlisting.source, "p_job_ids": chunk})
        existing |= {row["job_id"]: row for row in found.mappings()}
    added = 0
    for row in existing.values():
        changed = _changed(row, enlisting)
        if changed:
            await transaction.execute(update(jobs).where(jobs.c.id == row["id"]).values(changed))
            added += row["removed_at"] is not None
    new = [_new(job_id, enlisting, at) for at, job_id in enumerate(job_ids) if job_id not in existing]
    if new:
        statement = insert_new(transaction, jobs, ["source", "job_id"]).returning(jobs.c.id)
        added += len((await transaction.execute(statement, new)).all())
    return added


async def unlist(transaction: AsyncConnection, source: str, job_ids: Sequence[str], now: float) -> None:
    """These jobs are no longer in the file: nobody polls those that were not added otherwise."""
    for chunk in chunks(job_ids):
        await transaction.execute(_UNLIST, {"p_source": source, "p_job_ids": chunk, "p_now": now})


def _changed(row: RowMapping, enlisting: Enlisting) -> dict[str, object]:
    listed = enlisting.listed
    if listed.origin == "by_discovery" and (is_wanted(row) or row["removed_by_operator"]):
        return {}
    after = dict(row) | {listed.origin: True, "removed_at": None, "removed_by_operator": False}
    after["labels"] = to_text(strings(row["labels"]) | dict(listed.labels))
    after["app_user_id"] = listed.app_user_id or row["app_user_id"]
    forgotten = row["due_at"] is None and listed.origin == "by_request"
    if row["removed_at"] is not None or forgotten:
        after["due_at"] = enlisting.now
    changed = {name: value for name, value in after.items() if value != row[name]}
    return changed | {"watching": is_watched(after)} if changed else {}


def _new(job_id: str, enlisting: Enlisting, at: int) -> dict[str, object]:
    listed = enlisting.listed
    origins = dict.fromkeys(ORIGIN_COLUMNS, False) | {listed.origin: True}
    return origins | {
        "source": enlisting.source,
        "job_id": job_id,
        "app_user_id": listed.app_user_id,
        "labels": to_text(listed.labels),
        "paused": False,
        "watching": True,
        "state_class": "unknown",
        "state_since": enlisting.now,
        "revision": 0,
        "sequence": 0,
        "due_at": enlisting.first_due + at * enlisting.step,
        "failures": 0,
        "absences": 0,
        "missing": False,
        "added_at": enlisting.now,
        "removed_by_operator": False,
        "quiet_entries": 0,
    }
