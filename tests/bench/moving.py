"""A listed upstream as a process of its own: many jobs, of which one changes its state now and then; it remembers which, and when."""

import argparse
import json
import random
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
from aiohttp import web

from poller.host import loop
from poller.simulator.answers import Template
from poller.simulator.query import Query
from poller.simulator.server import Simulator
from poller.simulator.serving import serving
from poller.simulator.steady import SteadyWorld
from tests.bench.machine import cores, pin
from tests.bench.servers import Server, process, until_input_ends

CHANGES: Final = "/bench/changes"
COUNTERS: Final = "/simulator/truth"
THROTTLED: Final = "APIG.0308"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A job took a state at an instant, in seconds since 1970."""

    at: float
    job_id: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How many requests came so far, by what they were; `throttled` ones are among them."""

    pages: int
    details: int
    throttled: int


class MovingWorld(SteadyWorld):
    """States move when `move` is called, whatever is asked. Pages are made once and again when a job on them has moved."""

    def __init__(self, *, jobs: int) -> None:
        super().__init__(jobs=jobs)
        self.changes: list[Change] = []
        self._chance = random.Random(1)
        self._pages: dict[tuple[int, int], Template] = {}

    def move(self) -> None:
        """One job, any, takes its next state."""
        number = self._chance.randrange(len(self.job_ids))
        job_id = self.job_ids[number]
        self.answered[job_id] = self.answered.get(job_id, 0) + 1
        self._pages = {page: kept for page, kept in self._pages.items() if not page[0] <= number < sum(page)}
        self.changes.append(Change(at=time.time(), job_id=job_id, state=self._state(job_id)))

    def detail(self, job_id: str) -> Template | None:
        """The job in its state of now."""
        if job_id not in self._known:
            return None
        return self._still(job_id, self._state(job_id))

    def page(self, query: Query) -> Template:
        """As it was, unless a job on it has moved."""
        place = (query.offset, query.limit)
        if place not in self._pages:
            self._pages[place] = super().page(query)
        return self._pages[place]

    async def live(self, every: float) -> None:
        """Move a job every so many seconds."""
        due = anyio.current_time()
        while every:
            due += every
            await anyio.sleep_until(due)
            self.move()


@contextmanager
def moving(*, jobs: int, every: float = 0.0, throttle: float = 0.0) -> Iterator[Server]:
    """The upstream; it allows `throttle` calls a second of each API (0: any number)."""
    arguments = ("--jobs", str(jobs), "--every", str(every), "--throttle", str(throttle))
    with process(*arguments, module="tests.bench.moving") as server:
        yield server


async def changes(server: Server) -> list[Change]:
    """All so far."""
    told = await anyio.to_thread.run_sync(_get, server.url + CHANGES)
    return [Change(at=at, job_id=job_id, state=state) for at, job_id, state in told["changes"]]


async def asked(server: Server) -> Asked:
    """All so far."""
    counters = (await anyio.to_thread.run_sync(_get, server.url + COUNTERS))["counters"]
    requests, refusals = counters["requests"], counters["refusals"]
    return Asked(pages=requests.get("list", 0), details=requests.get("detail", 0), throttled=refusals.get(THROTTLED, 0))


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


async def _handle(world: MovingWorld, simulator: Simulator, request: web.BaseRequest) -> web.StreamResponse:
    if request.path == CHANGES:
        return web.json_response({"changes": [(one.at, one.job_id, one.state) for one in world.changes]})
    return await simulator.handle(request)


async def _serve(jobs: int, every: float, throttle: float) -> None:
    world = MovingWorld(jobs=jobs)
    handle = partial(_handle, world, Simulator(world, throttle=throttle or None))
    async with serving(handle, "127.0.0.1", 0) as url, anyio.create_task_group() as group:
        group.start_soon(world.live, every)
        await until_input_ends(url)
        group.cancel_scope.cancel()


def main() -> None:
    """Serve until standard input ends."""
    pin(cores()[1])
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--every", type=float, default=0.0)
    parser.add_argument("--throttle", type=float, default=0.0)
    options = parser.parse_args()
    loop.run(_serve, options.jobs, options.every, options.throttle)


if __name__ == "__main__":
    main()
