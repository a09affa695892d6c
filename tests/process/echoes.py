"""Others that say too much: an upstream and a receiver that repeat in their answers what they were sent."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from poller.simulator.receiver import Receiver
from poller.simulator.server import Simulator
from poller.simulator.serving import serving

STATUSES = (200, 400, 401, 403, 404, 409, 429, 500)


class TalkativeUpstream:
    """In front of a simulator: the detail of a job `echo-STATUS` answers so, and repeats the request; all else is the simulator's."""

    def __init__(self, simulator: Simulator) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self._simulator = simulator

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        _, found, status = request.path.partition("/echo-")
        if found:
            return _echo(int(status), request, "")
        if request.method == "POST" and "plantWP" in (body := await request.text()):
            return _echo(401, request, body)
        return await self._simulator.handle(request)


class TalkativeReceiver:
    """In front of a receiver: remembers all headers and bodies, and at `/echo/STATUS/…` answers so and repeats the request."""

    def __init__(self, receiver: Receiver) -> None:
        self.url = ""
        self.headers: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self._receiver = receiver

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.headers.append((request.path, dict(request.headers)))
        self.bodies.append(body)
        if request.path.startswith("/echo/"):
            return _echo(int(request.path.split("/")[2]), request, body.decode())
        return await self._receiver.handle(request)


@asynccontextmanager
async def talkative_upstream(simulator: Simulator) -> AsyncIterator[TalkativeUpstream]:
    upstream = TalkativeUpstream(simulator)
    async with serving(upstream.handle, "127.0.0.1", 0) as url:
        upstream.url = url
        yield upstream


@asynccontextmanager
async def talkative_receiver(receiver: Receiver) -> AsyncIterator[TalkativeReceiver]:
    talkative = TalkativeReceiver(receiver)
    async with serving(talkative.handle, "127.0.0.1", 0) as url:
        talkative.url = url
        yield talkative


def _echo(status: int, request: web.BaseRequest, body: str) -> web.Response:
    """In the reason phrase, the headers, and every field of an error body."""
    headers = request.headers
    said = " ".join(f"{name}: {value}" for name, value in headers.items())
    secret = headers.get("X-Auth-Token") or headers.get("X-Security-Token") or headers.get("X-Team") or said
    told = {"error_code": secret, "error_msg": f"{secret} refused; {request.raw_path} {said} {body}"}
    return web.Response(
        status=status,
        reason=f"No {secret}"[:200],
        headers={"X-Request-Id": secret[:200], "Location": f"https://example.com/{secret}"[:300], "Retry-After": "1"},
        body=json.dumps(told).encode(),
        content_type="application/json",
    )
