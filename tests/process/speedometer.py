"""In front of a simulated upstream: when each request came, for the rate in any stretch of time."""

import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from poller.simulator.server import Simulator
from poller.simulator.serving import serving


@dataclass
class Speedometer:
    """`came` are the instants of all requests, monotonic seconds; `url` is where they are taken instead of the simulator."""

    url: str = ""
    came: list[float] = field(default_factory=list)

    def most(self, seconds: float, within: tuple[float, float]) -> float:
        """The highest rate over any stretch of `seconds`."""
        came = self._between(within)
        return max((bisect_left(came, at + seconds) - number for number, at in enumerate(came)), default=0) / seconds

    def least(self, seconds: float, stretches: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
        """The lowest rate over any stretch of `seconds` inside one of `stretches`, and when it began; None when all are shorter."""
        found = [
            ((bisect_left(self.came, at + seconds) - bisect_left(self.came, at)) / seconds, at)
            for began, ended in stretches
            for at in [began, *self._between((began, ended - seconds))]
            if at + seconds <= ended
        ]
        return min(found, default=None)

    def mean(self, within: tuple[float, float]) -> float:
        """Requests a second from the one instant to the other."""
        return len(self._between(within)) / max(1e-9, within[1] - within[0])

    def _between(self, within: tuple[float, float]) -> list[float]:
        return self.came[bisect_left(self.came, within[0]) : bisect_left(self.came, within[1])]


@asynccontextmanager
async def measured(simulator: Simulator) -> AsyncIterator[Speedometer]:
    """Takes the requests that are meant for the simulator, and passes them on."""
    meter = Speedometer()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        meter.came.append(time.monotonic())
        return await simulator.handle(request)

    async with serving(handle, "127.0.0.1", 0) as meter.url:
        yield meter
