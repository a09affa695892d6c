"""/api/v1/deliveries: what is owed to whom, and what an operator decides about it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import web

from poller.core.delivery import DeliveryState
from poller.core.listing import DeliveryFilter
from poller.web.asking import MAX_IDS, USUAL_PAGE, Key, Limit, Name, instant, read_body, read_query
from poller.web.refusals import BadRequest
from poller.web.served import Served, answer, page
from poller.web.shown import delivery_shown, shown


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of deliveries."""

    state: DeliveryState | None = None
    notifier: Name | None = None
    event_id: Name | None = None
    since: str | None = None
    before: Key | None = None
    limit: Limit = USUAL_PAGE


class Chosen(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of a decision: `ids`, or the filters of the list; `dry_run` only counts."""

    ids: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=MAX_IDS)] | None = None
    state: DeliveryState | None = None
    notifier: Name | None = None
    since: str | None = None
    dry_run: bool = False


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: one page of deliveries, newest first."""
    asked = read_query(request, Asked)
    which = DeliveryFilter(
        event_ids=None if asked.event_id is None else (asked.event_id,),
        state=asked.state,
        notifier=asked.notifier,
        since=instant(asked.since, "since"),
    )
    rows = await served.archive.deliveries(which, before=asked.before, limit=asked.limit)
    return page([shown(row) for row in rows], [row.id for row in rows], asked.limit)


async def one(served: Served, request: web.Request) -> web.Response:
    """GET: one delivery with its event."""
    return answer(delivery_shown(await served.archive.delivery(int(request.match_info["id"]))))


async def retried(served: Served, request: web.Request) -> web.Response:
    """POST: pending again and due at once, with fresh attempts."""
    asked = await read_body(request, Chosen)
    which = _which(asked)
    if asked.dry_run:
        return answer({"count": await served.outbox.count(which)})
    count = await served.outbox.retry(which, now=served.now())
    served.controls.deliveries_changed(await _notifiers(served, which))
    return answer({"count": count})


async def discarded(served: Served, request: web.Request) -> web.Response:
    """POST: given up. What waited for it is due."""
    asked = await read_body(request, Chosen)
    which = _which(asked)
    if asked.dry_run:
        return answer({"count": await served.outbox.count(which)})
    return answer({"count": await served.outbox.discard(which, now=served.now())})


def _which(asked: Chosen) -> DeliveryFilter:
    filtered = (asked.state, asked.notifier, asked.since) != (None, None, None)
    if asked.ids is not None and filtered:
        raise BadRequest("found ids and a filter as well; expected one of the two", "ids")
    if asked.ids is None and not filtered:
        raise BadRequest("found nothing that says which deliveries; expected ids, or state, notifier, since", "ids")
    return DeliveryFilter(
        ids=None if asked.ids is None else tuple(asked.ids),
        state=asked.state,
        notifier=asked.notifier,
        since=instant(asked.since, "since"),
    )


async def _notifiers(served: Served, which: DeliveryFilter) -> Sequence[str]:
    """Those that may be owed what was chosen: a retry also enables one that an answer 410 disabled."""
    if which.notifier is not None:
        return [which.notifier]
    if which.ids is None:
        return served.controls.notifiers()
    return sorted({row.notifier for row in await served.archive.deliveries(which, limit=MAX_IDS)})
