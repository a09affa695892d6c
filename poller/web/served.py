"""What every handler is given, and the shape of what it answers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from poller.core.jsonvalue import Json
from poller.web.figures import Figures
from poller.web.glance import Glance
from poller.web.kept import Kept
from poller.web.news import News
from poller.web.ports import Archive, Controls, Outbox, Registry, Silences
from poller.web.refusals import JSON
from poller.web.shown import encode
from poller.web.tally import Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """The daemon's parts that the API speaks for. `now` gives seconds since 1970."""

    controls: Controls
    registry: Registry
    archive: Archive
    outbox: Outbox
    silences: Silences
    now: Callable[[], float]
    tally: Tally
    figures: Kept[Figures]
    glance: Kept[Glance]
    news: News


Handler: TypeAlias = Callable[[Served, web.Request], Awaitable[web.StreamResponse]]


def answer(value: Json, *, status: int = 200) -> web.Response:
    """A JSON document."""
    return web.Response(status=status, body=encode(value), content_type=JSON)


def page(items: Sequence[Json], keys: Sequence[int], limit: int) -> web.Response:
    """One page of a list. `next` is where the page that follows begins (`after` or `before`); null when this was the last."""
    return answer({"items": items, "next": keys[-1] if len(keys) >= limit else None})
