"""/api/v1/batches: how far the jobs of each batch are."""

import msgspec
from aiohttp import web

from poller.core.batch import Progress
from poller.core.jsonvalue import Json
from poller.web.asking import USUAL_PAGE, Limit, Name, read_query
from poller.web.served import Served, page
from poller.web.shown import batch_shown


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of batches. `done` chooses those that have ended, or the others."""

    source: Name | None = None
    done: bool | None = None
    limit: Limit = USUAL_PAGE


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: the batches in which a state changed last, the latest first."""
    asked = read_query(request, Asked)
    found: list[Progress] = []
    for source in served.controls.sources() if asked.source is None else [asked.source]:
        found += await served.archive.batches(source)
    chosen = [one for one in found if asked.done is None or one.is_done == asked.done]
    items: list[Json] = [batch_shown(one) for one in latest_first(chosen)[: asked.limit]]
    return page(items, [], asked.limit + 1)


def latest_first(batches: list[Progress]) -> list[Progress]:
    """By their last change of a state."""
    return sorted(batches, key=lambda one: (-(one.changed_at or 0.0), one.source, one.batch_name))
