"""An upstream that allows less than the configuration says: how often it has to refuse, and how much of it is used. Real clock."""

from pathlib import Path
from typing import Final

import anyio

from tests.bench.figure import Figure
from tests.bench.moving import Asked, asked, moving
from tests.bench.polling import job_ids
from tests.bench.program import SOURCE, Program, pacing, program
from tests.bench.scale import Scale
from tests.bench.servers import Server
from tests.bench.telling import say

ALLOWED: Final = 4.0  # requests a second
RUN: Final = "real clock: the tenant with `rate = 10/s`, all of {jobs:,} jobs always due; the upstream allows 4/s and a burst of 4"


async def throttled(scratch: Path, scale: Scale) -> list[Figure]:
    """One run tells two figures."""
    with moving(jobs=scale.watched, throttle=ALLOWED) as server:
        async with program(scratch, database="throttled.db", endpoint=server.url, paced=pacing(rate="10/s")) as ours:
            await ours.store.registry.add(SOURCE, job_ids(scale.watched), now=0.0)
            before, after, seconds = await _run(ours, server, scale)
    requests = after.details - before.details
    refused = after.throttled - before.throttled
    run = RUN.format(jobs=scale.watched)
    return [
        Figure(
            what=f"throttled answers after {scale.settled:g} s",
            value=1000 * refused / max(1, requests),
            unit="per 1,000",
            goal=20.0,
            best="low",
            ours=f"{refused} of {requests} requests in {seconds:.0f} s; {run}",
            baseline="computed: 600 of 1,000 at a steady 10/s",
            detail=f"before: {before.throttled} of {before.details} in {scale.settled:g} s",
        ),
        Figure(
            what="share of the allowed requests that is used, same run",
            value=100 * (requests - refused) / (ALLOWED * seconds),
            unit="%",
            goal=85.0,
            best="high",
            ours=f"{requests - refused} answers in {seconds:.0f} s, {ALLOWED:g}/s allowed",
            baseline="none",
        ),
    ]


async def _run(ours: Program, server: Server, scale: Scale) -> tuple[Asked, Asked, float]:
    tenant = ours.parts().tenants[SOURCE]
    async with anyio.create_task_group() as group:
        group.start_soon(tenant.run)
        say(f"settling for {scale.settled:g} s")
        await anyio.sleep(scale.settled)
        before, began = await asked(server), anyio.current_time()
        say(f"counting for {scale.throttled:g} s")
        await anyio.sleep(scale.throttled)
        after, ended = await asked(server), anyio.current_time()
        tenant.shift.close()
    return before, after, ended - began
