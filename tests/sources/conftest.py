"""What the tests of the sources share: a clock that is set by hand, and real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from poller.net.session import Http
from tests.sources.upstream import Upstream, upstream

NOON = 1_702_123_200.0  # 2023-12-09T12:00:00Z


@dataclass
class HandClock:
    """`at` is moved by the test."""

    at: float = NOON

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def http(clock: HandClock) -> AsyncIterator[Http]:
    async with Http(clock=clock.now) as session:
        yield session


@pytest.fixture
async def server() -> AsyncIterator[Upstream]:
    async with upstream() as running:
        yield running
