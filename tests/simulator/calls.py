"""What the tests of this folder share: how a caller reaches the simulator."""

from typing import Any

import aiohttp

from poller.simulator.auth import Accepted
from poller.simulator.server import Simulator
from poller.simulator.world import PROJECT_ID

TOKEN = {"X-Auth-Token": Accepted().token}
JOBS = f"/v1/{PROJECT_ID}/digital-human-training-manage/user/jobs"


async def get(session: aiohttp.ClientSession, simulator: Simulator, path: str, **params: str) -> tuple[int, Any]:
    """Status and decoded body of a call with the static token."""
    async with session.get(simulator.endpoint + path, headers=TOKEN, params=params) as answer:
        return answer.status, await answer.json()


async def detail(session: aiohttp.ClientSession, simulator: Simulator, job_id: str) -> tuple[int, Any]:
    """Status and decoded body of the detail call."""
    return await get(session, simulator, f"{JOBS}/{job_id}")


class StillClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
