"""The daemon itself: its health, its status, a test event."""

from http import HTTPStatus

from aiohttp import web

from poller.core.jsonvalue import Json
from poller.core.message import cloud_event
from poller.errors import NotFound, StoreError
from poller.web.metrics import Now, exposed
from poller.web.served import Served, answer


async def health(served: Served, _: web.Request) -> web.Response:
    """GET: 200 while the loops make progress, else 503 with the reason."""
    ok, reason = served.controls.health()
    return answer({"ok": ok, "reason": reason}, status=HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


async def ready(served: Served, _: web.Request) -> web.Response:
    """GET: 200 once every source has been read, and while the database takes part and has the current schema; else 503 with what is
    missing. The database is looked at every 5 s, not for each request.
    """
    missing = served.controls.missing()
    status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
    return answer({"ok": not missing, "reason": "; ".join(missing) or "ok"}, status=status)


async def metrics(served: Served, request: web.Request) -> web.Response:
    """GET: what is counted and measured, for Prometheus (docs/metrics.md)."""
    figures = await served.figures.fresh()
    now = Now(tally=served.tally, controls=served.controls, figures=figures, age=served.figures.age, at=served.now())
    body, content_type = exposed(now, request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


async def status(served: Served, _: web.Request) -> web.Response:
    """GET: what runs, and how many polls of each source are overdue; null while the database cannot say."""
    return answer({**served.controls.status(), "overdue": await _overdue(served)})


async def _overdue(served: Served) -> Json:
    try:
        return {name: await served.archive.overdue(name, now=served.now()) for name in served.controls.sources()}
    except StoreError:  # whether the daemon runs is answered all the same
        return None


async def pruned(served: Served, _: web.Request) -> web.Response:
    """POST: delete rows that are older than the configuration keeps them, a bounded number; 0 says that none is left."""
    return answer({"count": await served.controls.prune()})


async def tested(served: Served, request: web.Request) -> web.Response:
    """POST: a `test` event for this notifier; its delivery follows."""
    name = request.match_info["name"]
    if name not in served.controls.notifiers():
        names = ", ".join(served.controls.notifiers()) or "none"
        raise NotFound(f"there is no notifier {name}; the configuration has: {names}")
    event = await served.controls.send_test(name)
    return answer({"event_id": event.id, "event": cloud_event(event)}, status=HTTPStatus.ACCEPTED)
