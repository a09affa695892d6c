"""/api/v1/deliveries: what is owed to whom, and what an operator decides about it."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import msgspec
from aiohttp import web

from poller.core.delivery import DeliveryState
from poller.core.listing import DeliveryFilter
from poller.errors import NotFound
from poller.web.asking import MAX_IDS, USUAL_PAGE, Key, Limit, Name, instant, read_body, read_query
from poller.web.refusals import BadRequest
from poller.web.served import Served, answer, page
from poller.web.shown import shown


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of deliveries."""

    state: DeliveryState | None = None
    notifier: Name | None = None
    since: str | None = None
    after: Key = 0
    limit: Limit = USUAL_PAGE


class Chosen(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of a decision: `ids`, or the filters of the list; `dry_run` only counts."""

    ids: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=MAX_IDS)] | None = None
    state: DeliveryState | None = None
    notifier: Name | None = None
    since: str | None = None
    dry_run: bool = False


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: one page of deliveries."""
    asked = read_query(request, Asked)
    which = DeliveryFilter(state=asked.state, notifier=asked.notifier, since=instant(asked.since, "since"))
    rows = await served.archive.deliveries(which, after=asked.after, limit=asked.limit)
    return page([shown(row) for row in rows], [row.id for row in rows], asked.limit)


async def one(served: Served, request: web.Request) -> web.Response:
    """GET: one delivery."""
    number = int(request.match_info["id"])
    rows = await served.archive.deliveries(DeliveryFilter(ids=(number,)), after=0, limit=1)
    if not rows:
        raise no_such_delivery(number)
    return answer(shown(rows[0]))


async def retried(served: Served, request: web.Request) -> web.Response:
    """POST: pending again and due at once, with fresh attempts."""
    asked = await read_body(request, Chosen)
    if asked.dry_run:
        return answer({"count": await served.outbox.count(_which(asked))})
    notifiers = Counter(await served.outbox.retry(_which(asked), now=served.now()))
    served.controls.deliveries_changed(sorted(notifiers))
    return _decided(notifiers)


async def discarded(served: Served, request: web.Request) -> web.Response:
    """POST: given up."""
    asked = await read_body(request, Chosen)
    if asked.dry_run:
        return answer({"count": await served.outbox.count(_which(asked))})
    return _decided(Counter(await served.outbox.discard(_which(asked), now=served.now())))


def no_such_delivery(number: int) -> NotFound:
    """What to say when there is no delivery of this id."""
    return NotFound(f"there is no delivery {number}; `poller deliveries list` shows those there are")


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


def _decided(notifiers: Mapping[str, int]) -> web.Response:
    return answer({"count": sum(notifiers.values()), "notifiers": dict(notifiers)})
