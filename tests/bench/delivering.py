"""Signed webhooks per second from committed events, against a loop that posts the same bodies."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from poller.config.webhook import decode_key
from poller.core.event import Event
from poller.core.exchange import Request
from poller.core.notification import notification_of
from poller.core.secret import Secret
from poller.host import loop
from poller.notifiers.webhook import WebhookSettings, prepare
from tests.bench import bare
from tests.bench.answers import upstream_world
from tests.bench.figure import Figure, per_second
from tests.bench.laps import Lap, alternate, costs, median_rate, ratio, spread
from tests.bench.owing import look_at_all
from tests.bench.program import CONCURRENCY, SOURCE, program
from tests.bench.scale import Scale
from tests.bench.servers import SIGNING_SECRET, receiver

PER_JOB = 4  # events of one job owed at once: they go out one after the other
OURS = f"{CONCURRENCY} seats: claim, sign, POST, settle in SQLite (synchronous=FULL), {PER_JOB} of each job in order"


async def webhooks(scratch: Path, scale: Scale) -> list[Figure]:
    """The receiver verifies every signature, of both sides."""
    world = upstream_world(jobs=scale.webhooks // PER_JOB, changing=True)
    with receiver() as hook:
        async with program(scratch, database="webhooks.db", endpoint="http://127.0.0.1:9", hook=hook.url) as ours:
            await ours.store.registry.add(SOURCE, world.job_ids, now=0.0)
            await look_at_all(ours, world, due_at=lambda: 0.0)
            requests: list[Request] = []

            async def program_side() -> Lap:
                told = [await look_at_all(ours, world, due_at=lambda: 0.0) for _ in range(PER_JOB)]
                requests[:] = _requests(hook.url, [event for events in told for event in events])
                return await ours.deliver(len(requests))

            post = partial(bare.posting, requests)
            laps = await alternate(scale.rounds, program_side, post(), post(new_loop=loop.new))
    return [_figure(*laps)]


def _requests(url: str, events: Sequence[Event]) -> list[Request]:
    """What is going to be sent, as the loop will send it."""
    settings = WebhookSettings(url=Secret(url), keys=(decode_key(SIGNING_SECRET),))
    return [prepare(settings, notification_of(event), time.time()) for event in events]


def _figure(ours: Sequence[Lap], theirs: Sequence[Lap], on_our_loop: Sequence[Lap]) -> Figure:
    own, other = median_rate(ours), median_rate(theirs)
    return Figure(
        what="signed webhooks from committed events",
        value=ratio(ours, theirs),
        unit="x",
        goal=0.5,
        best="high",
        ours=f"{per_second(own)}  {OURS}",
        baseline=f"{per_second(other)}  {bare.POST_LOOP}",
        detail=f"{spread(ours, theirs)}; {costs(ours, theirs)}; "
        f"against that loop on uvloop, as the program: {ratio(ours, on_our_loop):.2f}x",
    )
