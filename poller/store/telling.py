"""Writing events with what is owed of them."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.core.event import Event
from poller.core.work import Told
from poller.store.codec import clean, to_text
from poller.store.tables import deliveries, events
from poller.store.upsert import insert_new

# PostgreSQL gives out positions before the commit: without turns a follower could see 6 before 5 and miss 5.
EVENT_LOCK: Final = 7_021_300_002

Row: TypeAlias = dict[str, object]


async def tell(transaction: AsyncConnection, told: Sequence[tuple[int | None, Told]]) -> int:
    """Write events, each with the key of its job, and a pending delivery for every notifier; returns how many were new.

    An event whose id is there already, or comes twice, is left out together with its deliveries: it has been told.
    """
    if not told:
        return 0
    if transaction.dialect.name == "postgresql":
        await transaction.execute(text(f"SELECT pg_advisory_xact_lock({EVENT_LOCK})"))
    rows = [_event_row(job, one.event) for job, one in told]
    statement = insert_new(transaction, events, ["id"]).returning(events.c.id, events.c.position)
    positions: dict[str, int] = {row.id: row.position for row in await transaction.execute(statement, rows)}
    new = len(positions)
    owed = [row for job, one in told for row in _delivery_rows(positions.pop(one.event.id, None), job, one)]
    if owed:
        await transaction.execute(insert(deliveries), owed)
    return new


def _event_row(job: int | None, event: Event) -> Row:
    return {
        "id": event.id,
        "type": event.type,
        "transition": clean(event.transition),
        "source": event.source,
        "subject": clean(event.subject),
        "job": job,
        "sequence": event.sequence,
        "time": event.time,
        "observed_at": event.observed_at,
        "data": to_text(event.data),
    }


def _delivery_rows(position: int | None, job: int | None, told: Told) -> list[Row]:
    if position is None:
        return []
    return [
        {
            "event": position,
            "notifier": notifier,
            "recipient": "",
            "job": job,
            "sequence": told.event.sequence,
            "state": "pending",
            "attempts": 0,
            "next_attempt_at": told.event.observed_at,
            "created_at": told.event.observed_at,
        }
        for notifier in dict.fromkeys(told.notifiers)
    ]
