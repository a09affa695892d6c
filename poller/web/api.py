"""The API as one application. What is served where is here and nowhere else.

To add a route: one line in `ROUTES`, with the struct of its query or body and the type of its answer; its handler's docstring is
its description in the OpenAPI document.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Final

from aiohttp import web

from poller.core.jsonvalue import Json
from poller.web import answers, batches, daemons, deliveries, events, jobs, running, stream
from poller.web import silences as silencing
from poller.web.asking import MAX_BODY_BYTES
from poller.web.door import Door, guarding
from poller.web.figures import look_at_figures
from poller.web.glance import glance
from poller.web.headers import harden
from poller.web.kept import Kept
from poller.web.news import CURTAIN, Curtain, News
from poller.web.openapi import document
from poller.web.page import status_page
from poller.web.ports import Archive, Controls, Outbox, Registry, Silences
from poller.web.refusals import explaining
from poller.web.route import Route, delete, get, post
from poller.web.served import Served, answer
from poller.web.tally import Tally

GLANCE: Final = 2.0  # seconds that what the status page shows of jobs and events is kept
_JOB: Final = "/api/v1/jobs/{source}/{job_id}"


async def described(_: Served, __: web.Request) -> web.Response:
    """GET: this document."""
    return answer(_document())


ROUTES: Final[tuple[Route, ...]] = (
    get("/", status_page, answers.HTML),
    get("/healthz", running.health, {200: answers.Health, 503: answers.Health}),
    get("/readyz", running.ready, {200: answers.Health, 503: answers.Health}),
    get("/metrics", running.metrics, answers.METRICS),
    get("/api/v1/openapi.json", described, answers.Document),
    get("/api/v1/status", running.status, answers.Status),
    get("/api/v1/daemons", daemons.listed, answers.Daemons),
    get("/api/v1/jobs", jobs.listed, answers.Jobs, query=jobs.Asked),
    post("/api/v1/jobs", jobs.added, {201: answers.Added, 200: answers.Added}, body=jobs.Addition),
    get(_JOB, jobs.one, answers.JobDetail),
    delete(_JOB, jobs.removed, answers.Job),
    post(f"{_JOB}/pause", jobs.paused, answers.Job),
    post(f"{_JOB}/resume", jobs.resumed, answers.Job),
    post(f"{_JOB}/poll", jobs.polled, answers.Job),
    post(f"{_JOB}/ack", jobs.acknowledged, answers.Job, body=jobs.Acknowledging),
    get("/api/v1/batches", batches.listed, answers.Batches, query=batches.Asked),
    get("/api/v1/silences", silencing.listed, answers.Silences, query=silencing.Asked),
    post("/api/v1/silences", silencing.added, {201: answers.Silence}, body=silencing.Addition),
    post("/api/v1/silences/expire", silencing.expired, answers.Count, body=silencing.Chosen, refusals=(404,)),
    get("/api/v1/events", events.listed, answers.Events, query=events.Asked),
    get("/api/v1/events/stream", stream.followed, answers.EVENT_STREAM, query=stream.Following),
    get("/api/v1/deliveries", deliveries.listed, answers.Deliveries, query=deliveries.Asked),
    get(r"/api/v1/deliveries/{id:\d{1,18}}", deliveries.one, answers.DeliveryDetail),
    post("/api/v1/deliveries/retry", deliveries.retried, answers.Count, body=deliveries.Chosen),
    post("/api/v1/deliveries/discard", deliveries.discarded, answers.Count, body=deliveries.Chosen),
    post("/api/v1/prune", running.pruned, answers.Count),
    post("/api/v1/notifiers/{name}/test", running.tested, {202: answers.Tested}),
)


@cache
def _document() -> Mapping[str, Json]:
    return document(ROUTES)


async def _end_streams(news: News, app: web.Application) -> None:
    app[CURTAIN].fallen = True
    news.ring()


def build_app(
    door: Door | None = None,
    *,
    controls: Controls,
    registry: Registry,
    archive: Archive,
    outbox: Outbox,
    silences: Silences,
    tally: Tally | None = None,
    news: News | None = None,
    now: Callable[[], float] = time.time,
) -> web.Application:
    """The API (INTERFACE.md section 7) over these parts of the daemon, behind `door`. `now` gives seconds since 1970."""
    served = Served(
        controls=controls,
        registry=registry,
        archive=archive,
        outbox=outbox,
        silences=silences,
        now=now,
        tally=tally or Tally(),
        news=news or News(),
        figures=Kept(lambda: look_at_figures(archive, controls.sources(), now())),
        glance=Kept(lambda: glance(archive), keep=GLANCE),
    )
    guards = [] if door is None else [guarding(door)]
    app = web.Application(middlewares=[explaining, *guards], client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(harden)
    app[CURTAIN] = Curtain(door)
    app.on_shutdown.append(partial(_end_streams, served.news))
    for route in ROUTES:
        handler = partial(route.handler, served)
        if route.method == "GET":
            app.router.add_get(route.path, handler, allow_head=True)
        else:
            app.router.add_route(route.method, route.path, handler)
    return app
