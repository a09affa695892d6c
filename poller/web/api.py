"""The API as one application. What is served where is here and nowhere else."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from aiohttp import web

from poller.web import deliveries, events, jobs, running
from poller.web.asking import MAX_BODY_BYTES
from poller.web.ports import Archive, Controls, Outbox, Registry
from poller.web.refusals import explaining
from poller.web.served import Handler, Served

_JOB: Final = "/api/v1/jobs/{source}/{job_id}"

ROUTES: Final[Mapping[tuple[str, str], Handler]] = {
    ("GET", "/healthz"): running.health,
    ("GET", "/api/v1/status"): running.status,
    ("GET", "/api/v1/jobs"): jobs.listed,
    ("POST", "/api/v1/jobs"): jobs.added,
    ("GET", _JOB): jobs.one,
    ("DELETE", _JOB): jobs.removed,
    ("POST", f"{_JOB}/pause"): jobs.paused,
    ("POST", f"{_JOB}/resume"): jobs.resumed,
    ("POST", f"{_JOB}/poll"): jobs.polled,
    ("GET", "/api/v1/events"): events.listed,
    ("GET", "/api/v1/deliveries"): deliveries.listed,
    ("GET", r"/api/v1/deliveries/{id:\d{1,18}}"): deliveries.one,
    ("POST", "/api/v1/deliveries/retry"): deliveries.retried,
    ("POST", "/api/v1/deliveries/discard"): deliveries.discarded,
    ("POST", "/api/v1/notifiers/{name}/test"): running.tested,
}


def build_app(
    *,
    controls: Controls,
    registry: Registry,
    archive: Archive,
    outbox: Outbox,
    now: Callable[[], float] = time.time,
) -> web.Application:
    """The API (INTERFACE.md section 7) over these parts of the daemon. `now` gives seconds since 1970."""
    served = Served(controls=controls, registry=registry, archive=archive, outbox=outbox, now=now)
    app = web.Application(middlewares=[explaining], client_max_size=MAX_BODY_BYTES)
    for (method, path), handler in ROUTES.items():
        app.router.add_route(method, path, partial(handler, served))
    return app
