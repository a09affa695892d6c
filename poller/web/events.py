"""/api/v1/events: what was told."""

import msgspec
from aiohttp import web

from poller.core.event import EventType
from poller.core.jsonvalue import Json
from poller.core.listing import EventFilter, EventRow
from poller.core.message import cloud_event
from poller.web.asking import USUAL_PAGE, Key, Limit, Name, instant, read_query
from poller.web.served import Served, page


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of events."""

    source: Name | None = None
    job_id: Name | None = None
    type: EventType | None = None
    transition: Name | None = None
    since: str | None = None
    after: Key = 0
    limit: Limit = USUAL_PAGE


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: one page of events, in the order in which they were committed."""
    asked = read_query(request, Asked)
    which = EventFilter(
        source=asked.source,
        job_id=asked.job_id,
        type=asked.type,
        transition=asked.transition,
        since=instant(asked.since, "since"),
    )
    rows = await served.archive.events(which, after=asked.after, limit=asked.limit)
    return page([event_shown(row) for row in rows], [row.position for row in rows], asked.limit)


def event_shown(row: EventRow) -> dict[str, Json]:
    """The event as notifiers tell it, a CloudEvent, with its `position` in the list."""
    return {"position": row.position, **cloud_event(row.event)}
