"""The simulated MetaStudio over HTTP: detail and list calls, the IAM token call, and `/simulator/…` for audits."""

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from random import Random
from typing import Any, Final

import anyio
import msgspec
from aiohttp import web

from poller.simulator import answers, damage, misbehave, refusals, truth
from poller.simulator.answers import Document, Template
from poller.simulator.arriving import Call, Route, call_of, lowered, parameters, route_of
from poller.simulator.auth import TOKEN_LIFETIME, Accepted, Gate, iam_time
from poller.simulator.bell import Bell
from poller.simulator.counters import Counters
from poller.simulator.dice import dice
from poller.simulator.faults import KINDS, NO_FAULTS, Fault, Faults, fault
from poller.simulator.query import InvalidParameter, parse
from poller.simulator.refusals import JSON, Refusal
from poller.simulator.serving import serving
from poller.simulator.signature import Arrived
from poller.simulator.throttle import Throttle
from poller.simulator.truth import Report
from poller.simulator.upstream import Upstream
from poller.simulator.voices import Voices
from poller.simulator.world import World

CALLS_REMEMBERED: Final = 2_000
HUGE_ANSWER: Final = 8 * 1024 * 1024
LINK_VALID_FOR: Final = 24 * 3600
DAMAGES: Final[dict[str, Callable[[Document, Random], Any]]] = {
    "shape": damage.misshape,
    "shrink": damage.shrink,
    "shuffle": damage.shuffle,
}
ELSEWHERE: Final = "https://example.com/maintenance"


class Simulator:
    """Serves `world`, and the voice training jobs beside it.

    `faults` may be exchanged while it runs; `force` spoils the next requests, whatever the dice say.
    """

    def __init__(
        self,
        world: Upstream,
        *,
        accepted: Accepted | None = None,
        anybody: bool = False,
        faults: Faults = NO_FAULTS,
        throttle: float | None = None,
        token_lifetime: float = TOKEN_LIFETIME,
        skew: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.world = world
        self.voices = Voices(world) if isinstance(world, World) else None
        self.gate = Gate(
            accepted or Accepted(project_id=world.project_id),
            anybody=anybody,
            token_lifetime=token_lifetime,
            skew=skew,
            seed=seed,
        )
        self.faults = faults
        self.counters = Counters()
        self.calls: deque[Call] = deque(maxlen=CALLS_REMEMBERED)
        self.endpoint = ""
        self.bell = Bell()
        self._throttle = Throttle(rate=throttle) if throttle else None
        self._forced: list[tuple[str | None, str | None, Fault]] = []
        self._chance = dice("faults", seed)
        self._signing = dice("links", seed)
        self._number = 0

    def force(
        self,
        *kinds: str,
        job_id: str | None = None,
        api: str | None = None,
        amount: float | None = None,
        times: int = 1,
    ) -> None:
        """The next `times` calls get these faults, one each, in order: of `job_id`'s detail, or of one `api` (detail, list, iam).

        The token call fails only when `api="iam"` says so.
        """
        self._forced += [(api, job_id, fault(kind, amount, KINDS)) for _ in range(times) for kind in kinds]

    async def until(self, condition: Callable[["Simulator"], bool], within: float = 10.0) -> None:
        """Waits until `condition` holds, looking after every call; raises TimeoutError after `within` seconds."""
        await self.bell.until(lambda: condition(self), within)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request comes in here."""
        route = route_of(request)
        response = await self._respond(request, route)
        self.counters.requests[route.api] += 1
        self.counters.statuses[response.status] += 1
        self.calls.append(call_of(request, route, response.status))
        self.bell.ring()
        return response

    async def _respond(self, request: web.BaseRequest, route: Route) -> web.StreamResponse:
        if route.api == "control":
            return self._control(request)
        refusal = self._refuse(request, route)
        if refusal is not None:
            self.counters.refusals[refusal.code] += 1
            return self._refused(refusal)
        chosen = self._next_fault(route)
        if chosen is None:
            return await self._answer(request, route)
        self.counters.faults[chosen.kind] += 1
        return await self._spoil(request, route, chosen)

    def _refuse(self, request: web.BaseRequest, route: Route) -> Refusal | None:
        if route.api == "iam":
            return None
        if route.api == "other" or request.method != "GET":
            return refusals.no_such_api()
        if self._throttle is not None and not self._throttle.admits(route.api, time.monotonic()):
            return refusals.throttled()
        arrived = Arrived(method=request.method, target=request.raw_path, headers=lowered(request))
        refusal = self.gate.refuse(arrived, route.project_id, time.time())
        if refusal is None and not arrived.headers.get("x-app-userid", "").isascii():
            return refusals.invalid_parameter("X-App-UserId")
        return refusal

    def _next_fault(self, route: Route) -> Fault | None:
        for place, (api, job_id, forced) in enumerate(self._forced):
            meant = api == route.api or (api is None and route.api != "iam")
            if meant and job_id in {None, route.job_id}:
                del self._forced[place]
                return forced
        return None if route.api == "iam" else self.faults.pick(self._chance)

    async def _answer(self, request: web.BaseRequest, route: Route) -> web.Response:
        if route.api == "iam":
            return await self._issue_token(request)
        try:
            template = self._template(route, parameters(request))
        except InvalidParameter as wrong:
            return self._refused(refusals.invalid_parameter(str(wrong)))
        if template is None:
            return self._refused(refusals.no_such_job())
        return self._json(answers.signed(template, self._signature()))

    def _template(self, route: Route, given: Mapping[str, str]) -> Template | None:
        """What is answered, unsigned; None when there is no such job. Raises InvalidParameter."""
        match route.api, self.voices:
            case "list", _:
                return self.world.page(parse(given))
            case "detail", _:
                return self.world.detail(route.job_id)
            case "voice-list", Voices() as voices:
                return voices.page(parse(given), given)
            case "voice-detail", Voices() as voices:
                return voices.detail(route.job_id)
            case "voice-log", Voices() as voices:
                return voices.operations(route.job_id, parse(given))
        return None

    async def _spoil(self, request: web.BaseRequest, route: Route, chosen: Fault) -> web.StreamResponse:
        match chosen.kind:
            case "reset":
                return misbehave.reset(request)
            case "hang":
                return await misbehave.hang(request, chosen.amount or 0)
            case "cut":
                return await misbehave.cut(request, await self._answer(request, route))
            case "slow":
                await anyio.sleep(chosen.amount or 0)
                return await self._answer(request, route)
        if chosen.kind in DAMAGES:
            return self._damaged(DAMAGES[chosen.kind], await self._answer(request, route))
        return self._other_than_asked(chosen)

    def _other_than_asked(self, chosen: Fault) -> web.Response:
        match chosen.kind:
            case "empty":
                return self._json(b"")
            case "gzipbomb":
                return misbehave.bomb(self._headers())
            case "huge":
                return self._json(b'{"padding":"%s"}' % (b"x" * HUGE_ANSWER))
            case "redirect":
                return web.Response(status=302, headers={**self._headers(), "Location": ELSEWHERE})
        return self._refused(self._error(chosen))

    def _error(self, chosen: Fault) -> Refusal:
        match chosen.kind:
            case "html":
                return refusals.bad_gateway()
            case "badtoken":
                return refusals.invalid_token()
            case "429":
                return refusals.throttled(chosen.amount)
            case "503":
                return refusals.unavailable(chosen.amount or 0)
        return refusals.some_error(int(chosen.kind), self._chance)

    def _damaged(self, damaged: Callable[[Document, Random], Any], good: web.Response) -> web.Response:
        if good.status != web.HTTPOk.status_code or not isinstance(good.body, bytes):
            return good
        return self._json(msgspec.json.encode(damaged(msgspec.json.decode(good.body), self._chance)))

    async def _issue_token(self, request: web.BaseRequest) -> web.Response:
        now = time.time()
        issued = self.gate.issue(await request.read(), now)
        if isinstance(issued, Refusal):
            self.counters.refusals[issued.code] += 1
            return self._refused(issued)
        token = {
            "methods": ["password"],
            "issued_at": iam_time(now),
            "expires_at": iam_time(issued.expires_at),
            "project": {"id": self.gate.accepted.project_id},
        }
        response = self._json(msgspec.json.encode({"token": token}))
        response.set_status(201)
        response.headers["X-Subject-Token"] = issued.token
        return response

    def _control(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/simulator/jobs":
            return self._json(msgspec.json.encode({"jobs": self.world.ids()}))
        if request.path == "/simulator/truth":
            report = Report(now=time.time(), jobs=self.world.truths(), counters=self.counters.families())
            return self._json(truth.encode(report))
        return self._refused(refusals.no_such_api())

    def _json(self, body: bytes) -> web.Response:
        return web.Response(body=body, headers={**self._headers(), "Content-Type": JSON})

    def _refused(self, refusal: Refusal) -> web.Response:
        headers = {**self._headers(), **refusal.headers, "Content-Type": refusal.content_type}
        return web.Response(status=refusal.status, body=refusal.body, headers=headers)

    def _headers(self) -> dict[str, str]:
        self._number += 1
        headers = {"X-Request-Id": f"{self._number:032x}"}
        if self.gate.skew:
            headers["Date"] = formatdate(time.time() + self.gate.skew, usegmt=True)
        return headers

    def _signature(self) -> bytes:
        return b"Expires=%d&Signature=%040x%%3D" % (time.time() + LINK_VALID_FOR, self._signing.getrandbits(160))


@asynccontextmanager
async def running_simulator(
    world: Upstream,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    accepted: Accepted | None = None,
    anybody: bool = False,
    faults: Faults = NO_FAULTS,
    throttle: float | None = None,
    token_lifetime: float = TOKEN_LIFETIME,
    skew: float = 0.0,
    seed: int = 1,
) -> AsyncIterator[Simulator]:
    """Serves `world` until the block is left; `simulator.endpoint` is its URL. Raises OSError when the port is taken.

    `throttle` is in calls per second and API; `skew` is how far the gateway's clock is ahead, in seconds.
    """
    simulator = Simulator(
        world,
        accepted=accepted,
        anybody=anybody,
        faults=faults,
        throttle=throttle,
        token_lifetime=token_lifetime,
        skew=skew,
        seed=seed,
    )
    async with serving(simulator.handle, host, port) as url:
        simulator.endpoint = url
        yield simulator
