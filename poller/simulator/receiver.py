"""A webhook receiver that believes nothing unverified, remembers the order, and has bad days on request."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Final

import anyio
from aiohttp import web

from poller.simulator import misbehave, webhook
from poller.simulator.bell import Bell
from poller.simulator.dice import dice
from poller.simulator.faults import NO_FAULTS, RECEIVER_KINDS, Fault, Faults, fault
from poller.simulator.serving import serving
from poller.simulator.told import BATCH_TYPE, CONTENT_TYPE, NotAnEvent, Told, read_batch, read_event

LARGEST_BODY: Final = 4 * 1024 * 1024
HUGE_ANSWER: Final = 8 * 1024 * 1024
ARRIVALS_KEPT: Final = 500_000
ELSEWHERE: Final = "https://example.com/moved"
PATH: Final = "/hook"
OK: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One event of a verified request. `accepted`: the receiver has taken it, whatever the sender learned of that; `at` is real time."""

    at: float
    id: str
    body: bytes = field(repr=False)
    event: Told
    accepted: bool


@dataclass(kw_only=True, slots=True)
class Tally:
    """How often. `duplicates`: an id accepted before, of them `altered` with another body; `refused`: not believed, with why."""

    requests: int = 0
    accepted: int = 0
    duplicates: int = 0
    altered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


class Receiver:
    """Verifies with `secret`. `keep=False` counts only, for benchmarks. `faults` may be exchanged while it runs."""

    def __init__(
        self,
        secret: str,
        *,
        faults: Faults = NO_FAULTS,
        keep: bool = True,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = ""
        self.faults = faults
        self.tally = Tally()
        self.arrivals: list[Arrival] = []
        self.bell = Bell()
        self._key = webhook.key_of(secret)
        self._keep = keep
        self._clock = clock
        self._bodies: dict[str, bytes] = {}
        self._forced: list[tuple[str | None, Fault]] = []
        self._chance = dice("receiver", seed)

    @property
    def received(self) -> list[Arrival]:
        """What was accepted, in order of arrival, duplicates included."""
        return [arrival for arrival in self.arrivals if arrival.accepted]

    @property
    def events(self) -> list[Told]:
        """Each accepted event once, in order of its first acceptance."""
        return list({arrival.id: arrival.event for arrival in reversed(self.received)}.values())[::-1]

    def force(self, *kinds: str, subject: str | None = None, amount: float | None = None, times: int = 1) -> None:
        """The next `times` verified requests (about `subject`, if given) get these faults, one each, in order."""
        self._forced += [(subject, fault(kind, amount, RECEIVER_KINDS)) for _ in range(times) for kind in kinds]

    async def until(self, condition: Callable[["Receiver"], bool], within: float = 10.0) -> None:
        """Waits until `condition` holds; raises TimeoutError after `within` seconds."""
        await self.bell.until(lambda: condition(self), within)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request comes in here."""
        self.tally.requests += 1
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        told = self._verified(request.method, headers, body)
        if isinstance(told, str):
            self.tally.refused[told] += 1
            self.bell.ring()
            return web.Response(status=401, text=told)
        chosen = self._next_fault(told[0][1])
        if chosen is None:
            self._note(told, accepted=True)
            return web.Response(status=204)
        self.tally.faults[chosen.kind] += 1
        return await self._spoil(request, chosen, told)

    def _verified(self, method: str, headers: dict[str, str], body: bytes) -> list[tuple[bytes, Told]] | str:
        """The events of the request, each with its bytes; or why it is not believed."""
        if method != "POST":
            return "not a POST"
        content_type = headers.get("content-type", "").partition(";")[0]
        if content_type not in {CONTENT_TYPE, BATCH_TYPE}:
            return "content-type is not that of a CloudEvent"
        problem = webhook.problem_with(self._key, headers, body, self._clock())
        if problem is not None:
            return problem
        try:
            if content_type == BATCH_TYPE:
                return read_batch(body)
            event = read_event(body)
        except NotAnEvent as wrong:
            return f"not an event: {wrong}"
        return [(body, event)] if event.id == headers["webhook-id"] else "webhook-id is not the event's id"

    def _next_fault(self, event: Told) -> Fault | None:
        for place, (subject, forced) in enumerate(self._forced):
            if subject is None or subject == event.subject:
                del self._forced[place]
                return forced
        return self.faults.pick(self._chance)

    async def _spoil(
        self, request: web.BaseRequest, chosen: Fault, told: list[tuple[bytes, Told]]
    ) -> web.StreamResponse:
        """Silent and slow ones count as accepted only if the sender has stayed to the end."""
        amount = chosen.amount or 0
        if chosen.kind == "slow":
            await anyio.sleep(amount)
        accepted = chosen.kind in {"slow", "lost", "huge", "cut"}
        self._note(told, accepted=accepted)
        match chosen.kind:
            case "slow":
                return web.Response(status=204)
            case "reset" | "lost":
                return misbehave.reset(request)
            case "hang":
                return await misbehave.hang(request, amount)
            case "cut":
                return await misbehave.cut(request, web.Response(body=b"accepted"))
        return _answer(chosen)

    def _note(self, told: list[tuple[bytes, Told]], *, accepted: bool) -> None:
        for body, event in told:
            self._note_one(event, body, accepted=accepted)
        self.bell.ring()

    def _note_one(self, event: Told, body: bytes, *, accepted: bool) -> None:
        known = self._bodies.get(event.id)
        if accepted:
            self.tally.accepted += 1
            self.tally.duplicates += known is not None
            self.tally.altered += known is not None and known != body
        if self._keep and len(self.arrivals) < ARRIVALS_KEPT:
            if accepted:
                self._bodies.setdefault(event.id, body)
            arrival = Arrival(at=self._clock(), id=event.id, body=body, event=event, accepted=accepted)
            self.arrivals.append(arrival)


def _answer(chosen: Fault) -> web.Response:
    match chosen.kind:
        case "huge":
            return web.Response(status=OK, body=b"x" * HUGE_ANSWER)
        case "redirect":
            return web.Response(status=307, headers={"Location": ELSEWHERE})
    headers = {} if chosen.amount is None else {"Retry-After": str(ceil(chosen.amount))}
    return web.Response(status=int(chosen.kind), text="not today", headers=headers)


@asynccontextmanager
async def running_receiver(
    secret: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    faults: Faults = NO_FAULTS,
    keep: bool = True,
    seed: int = 1,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Receiver]:
    """Receives until the block is left; `receiver.url` is where. Raises ValueError for a secret that is none, OSError for a port taken."""
    receiver = Receiver(secret, faults=faults, keep=keep, seed=seed, clock=clock)
    async with serving(receiver.handle, host, port) as url:
        receiver.url = url + PATH
        yield receiver
