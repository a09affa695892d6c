"""/api/v1/events: what was told."""

import msgspec
from aiohttp import web

from poller.core.event import EventType
from poller.core.listing import EventFilter
from poller.web.asking import USUAL_PAGE, Key, Limit, Name, instant, read_query
from poller.web.refusals import BadRequest
from poller.web.served import Served, page
from poller.web.shown import event_shown


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of events. `after` turns the order round: the oldest first, to follow what comes."""

    id: Name | None = None
    source: Name | None = None
    job_id: Name | None = None
    type: EventType | None = None
    transition: Name | None = None
    since: str | None = None
    after: Key | None = None
    before: Key | None = None
    limit: Limit = USUAL_PAGE


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: one page of events, newest first; with `after` in the order in which they were committed."""
    asked = read_query(request, Asked)
    if asked.after is not None and asked.before is not None:
        raise BadRequest("found after and before; expected one of the two", "before")
    which = EventFilter(
        id=asked.id,
        source=asked.source,
        job_id=asked.job_id,
        type=asked.type,
        transition=asked.transition,
        since=instant(asked.since, "since"),
    )
    rows = await served.archive.events(which, after=asked.after, before=asked.before, limit=asked.limit)
    return page([event_shown(row) for row in rows], [row.position for row in rows], asked.limit)
