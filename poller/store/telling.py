"""Writing events with what is owed of them."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.event import Event
from poller.core.silence import Silence, silencing
from poller.core.work import Told
from poller.store.codec import clean, to_utf8
from poller.store.listening import CHANNEL
from poller.store.many import Row, execute_many
from poller.store.silences import lasting
from poller.store.tables import deliveries, events
from poller.store.turns import PENDING
from poller.store.upsert import insert_new

# PostgreSQL gives out positions before the commit: without turns a follower could see 6 before 5 and miss 5.
EVENT_LOCK: Final = 7_021_300_002

_LAST: Final = select(func.coalesce(func.max(events.c.position), 0))
_NEW: Final = select(events.c.id, events.c.position).where(events.c.position > bindparam("p_last"))
_OWED: Final = insert(deliveries)
# Rows are made, and read, by position, as those of polls are: in the order of the table, in which SQLite's driver takes them as they are.
_EVENT: Final = (*("id", "type", "transition", "source", "subject", "job", "sequence", "time", "observed_at", "data"),)
_DELIVERY: Final = (
    *("event", "notifier", "recipient", "job", "sequence", "state", "attempts", "next_attempt_at", "last_error"),
    *("created_at", "settled_at", "not_before"),
)
# What waits for the end of quiet hours and was never tried goes before an event of its job that does not wait.
_BRING_ALONG: Final = (
    update(deliveries)
    .where(deliveries.c.notifier == bindparam("p_notifier"), deliveries.c.job == bindparam("p_job"), PENDING)
    .where(deliveries.c.attempts == 0, deliveries.c.not_before > bindparam("p_now"))
    .values(next_attempt_at=bindparam("p_now"), not_before=None)
)


async def tell(transaction: AsyncConnection, told: Sequence[tuple[int | None, Told]]) -> int:
    """Write events, each with the key of its job, and a pending delivery for every notifier; returns how many were new.

    An event whose id is there already, or comes twice, is left out together with its deliveries: it has been told. What is silenced
    is owed to nobody: its deliveries are discarded from the start.
    """
    if not told:
        return 0
    if transaction.dialect.name == "postgresql":
        # Who listens hears of it with the commit.
        await transaction.execute(text(f"SELECT pg_advisory_xact_lock({EVENT_LOCK}), pg_notify('{CHANNEL}', '')"))
    last = (await transaction.execute(_LAST)).scalar_one()
    rows = [_event_row(job, one.event) for job, one in told]
    await execute_many(transaction, insert_new(transaction, events, ["id"]), _EVENT, rows)
    written = (await transaction.execute(_NEW, {"p_last": last})).all()
    positions: dict[str, int] = {id_: position for id_, position in written}
    new = len(positions)
    silences = await lasting(transaction, min(one.event.observed_at for _, one in told))
    owed = [row for job, one in told for row in _delivery_rows(positions.pop(one.event.id, None), job, one, silences)]
    if owed:
        await execute_many(transaction, _OWED, _DELIVERY, owed)
    await _bring_along(transaction, [(job, one) for job, one in told if job is not None and one.urgent])
    return new


def _event_row(job: int | None, event: Event) -> Row:
    """The values of `_EVENT`."""
    id_, kind, transition, source, subject, _, sequence, time, observed_at, data = event
    transition, subject, text = clean(transition), clean(subject), to_utf8(data)
    return id_, kind, transition, source, subject, job, sequence, time, observed_at, text


async def _bring_along(transaction: AsyncConnection, told: Sequence[tuple[int, Told]]) -> None:
    rows = [
        {"p_notifier": notifier, "p_job": job, "p_now": one.event.observed_at}
        for job, one in told
        for notifier in one.notifiers
        if notifier not in one.not_before
    ]
    if rows:
        await transaction.execute(_BRING_ALONG, rows)


def _delivery_rows(position: int | None, job: int | None, told: Told, silences: Sequence[Silence]) -> list[Row]:
    """Each with the values of `_DELIVERY`."""
    if position is None:
        return []
    at = told.event.observed_at
    silence = silencing(silences, told.event, at) if silences else None
    owed = position, job, told.event.sequence, at
    names = dict.fromkeys(told.notifiers)
    if silence is not None:
        return [_discarded(*owed, name, silence.reason) for name in names]
    return [_pending(*owed, name, told.not_before.get(name)) for name in names]


def _pending(
    position: int, job: int | None, sequence: int | None, at: float, notifier: str, not_before: float | None
) -> Row:
    first = at if not_before is None else not_before
    return position, notifier, "", job, sequence, "pending", 0, first, None, at, None, not_before


def _discarded(position: int, job: int | None, sequence: int | None, at: float, notifier: str, reason: str) -> Row:
    return position, notifier, "", job, sequence, "discarded", 0, None, reason, at, at, None
