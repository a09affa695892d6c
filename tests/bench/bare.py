"""What the program is measured against: the least that one could write instead, which stores and survives nothing."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import aiohttp
import anyio
import anyio.to_thread

from poller.core.exchange import Request
from poller.net.session import CONNECTIONS
from tests.bench.laps import Lap, Side, lap, mark
from tests.bench.program import CONCURRENCY, RIGHT, WARM

GET_LOOP = (
    f"aiohttp on asyncio's own loop, {CONCURRENCY} tasks, {CONNECTIONS} connections allowed, default settings: "
    "GET the same answers with a token, json.loads the whole, keep nothing"
)
POST_LOOP = (
    f"aiohttp on asyncio's own loop, {CONCURRENCY} tasks, {CONNECTIONS} connections allowed, default settings: "
    "POST the same bodies, signed beforehand, and look at the status"
)
SDK = "the vendor's SDK client with AK/SK, one call after the other, as it is usually used"


NewLoop: TypeAlias = Callable[[], asyncio.AbstractEventLoop]
STOCK: NewLoop = asyncio.new_event_loop


def job_url(endpoint: str, job_id: str) -> str:
    """The detail call."""
    return f"{endpoint}/v1/{RIGHT.project_id}/digital-human-training-manage/user/jobs/{job_id}"


def getting(endpoint: str, job_ids: Sequence[str], seconds: float, *, new_loop: NewLoop = STOCK) -> Side:
    """Polls of the bare loop, for so long at a time."""
    urls = itertools.cycle([job_url(endpoint, job_id) for job_id in job_ids])
    headers = {"X-Auth-Token": RIGHT.token, "X-Project-Id": RIGHT.project_id}

    async def get(session: aiohttp.ClientSession) -> None:
        async with session.get(next(urls), headers=headers) as response:
            answer: Any = json.loads(await response.read())
            if response.status != 200 or "job_id" not in answer:
                raise RuntimeError(f"the upstream answered {response.status}")

    return partial(_apart, new_loop, partial(_for_seconds, get, seconds))


def posting(requests: Sequence[Request], *, new_loop: NewLoop = STOCK) -> Side:
    """Webhooks of the bare loop: all requests of a list, which may be filled later."""

    async def work(session: aiohttp.ClientSession, left: list[Request]) -> None:
        while left:
            request = left.pop()
            async with session.post(request.url, data=request.body, headers=request.headers) as response:
                if response.status != 204:
                    raise RuntimeError(f"the receiver answered {response.status}")

    async def post_all() -> Lap:
        left = list(requests)
        async with _session() as session:
            start = mark(0)
            async with anyio.create_task_group() as group:
                for _ in range(CONCURRENCY):
                    group.start_soon(work, session, left)
            return lap(start, mark(len(requests)))

    return partial(_apart, new_loop, post_all)


def vendors_client(endpoint: str, job_ids: Sequence[str], seconds: float) -> Side:
    """Polls of the vendor's client, for so long at a time."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials  # its import takes seconds
    from huaweicloudsdkmetastudio.v1 import MetaStudioClient, Show2dModelTrainingJobRequest

    credentials = BasicCredentials(RIGHT.access_key, RIGHT.secret_key, RIGHT.project_id)
    client = MetaStudioClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()
    asked = itertools.cycle([Show2dModelTrainingJobRequest(job_id=job_id) for job_id in job_ids])

    async def side() -> Lap:  # blocks, and nothing else is to run meanwhile
        start, end, done = mark(0), time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            client.show2d_model_training_job(next(asked))
            done += 1
        return lap(start, mark(done))

    return side


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS))


async def _apart(new_loop: NewLoop, body: Callable[[], Awaitable[Lap]]) -> Lap:
    """A lap in a thread with an event loop of its own. The program's loop, which waits for it, does nothing meanwhile."""

    def run() -> Lap:
        return anyio.run(body, backend_options={"loop_factory": new_loop})

    return await anyio.to_thread.run_sync(run)


async def _for_seconds(work: Callable[[aiohttp.ClientSession], Awaitable[None]], seconds: float) -> Lap:
    done = 0

    async def repeat(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while True:
            await work(session)
            done += 1

    async with _session() as session, anyio.create_task_group() as group:
        for _ in range(CONCURRENCY):
            group.start_soon(repeat, session)
        while done < WARM:  # noqa: ASYNC110 an event would cost every request a look
            await anyio.sleep(0.01)
        start = mark(done)
        await anyio.sleep(seconds)
        end = mark(done)
        group.cancel_scope.cancel()
    return lap(start, end)
