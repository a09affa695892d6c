"""Filling a database with what the program would have recorded, without asking an upstream over HTTP."""

import random
import time
from collections.abc import Callable

from poller.core.event import Event
from poller.core.job import Known
from poller.core.reading import Seen, Target
from poller.core.vocabulary import avatar_vocabulary
from poller.core.work import Due, Poll
from poller.engine.verdict import Outlook, Rules, conclude
from poller.simulator.answers import signed
from poller.simulator.steady import SteadyWorld
from poller.sources.metastudio.wire import Wire
from tests.bench.program import NOTIFIER, SOURCE, Program
from tests.bench.telling import say

BATCH = 1000  # jobs in one transaction
LEASE = 600.0  # seconds
OVERDUE = 3600.0  # seconds over which due times are scattered, so that jobs are not due in the order of their rows
RULES = Rules(
    classify=avatar_vocabulary().classify,
    every=dict.fromkeys(("active", "waiting_on_us", "waiting_on_vendor", "failed", "done", "unknown"), 1.0),
    forget_done_after=1e9,
    first_sight="silent",
    routes=(),
    notifiers=(NOTIFIER,),
)
read = Wire().read


async def watch_many(ours: Program, world: SteadyWorld) -> None:
    """Add all jobs of `world`, each seen once and due again at a random time of the last hour."""
    await ours.store.registry.add(SOURCE, world.job_ids, now=0.0)  # before all that are due again
    await look_at_all(ours, world, due_at=lambda: time.time() - random.random() * OVERDUE)


async def look_at_all(
    ours: Program, world: SteadyWorld, *, due_at: Callable[[], float], rules: Rules = RULES
) -> list[Event]:
    """Record one poll of each job, a thousand at a time; it is due again at `due_at()`. Gives the events that came of it."""
    started, told = time.time(), []
    for done in range(0, len(world.job_ids), BATCH):
        say(f"filling the database: {done:,} of {len(world.job_ids):,} polls")
        due = await ours.store.ledger.claim(SOURCE, now=started, until=started + LEASE, limit=BATCH)
        known = await ours.store.ledger.known([one.key for one in due])
        polls = [_poll(one, world, known[one.key], due_at(), rules) for one in due]
        await ours.store.ledger.record(polls)
        told += [one.event for poll in polls if poll.change for one in poll.change.told]
    return told


def _poll(due: Due, world: SteadyWorld, known: Known, due_at: float, rules: Rules) -> Poll:
    return conclude(due, _seen(due, world), known, rules, Outlook(), now=time.time(), spread=0.5)._replace(
        due_at=due_at
    )


def _seen(due: Due, world: SteadyWorld) -> Seen:
    pieces = world.detail(due.job_id)
    reading = read(signed(pieces or (), b"signature"), Target(job_id=due.job_id))
    if not isinstance(reading, Seen):
        raise TypeError(f"the answer could not be read: {reading}")
    return reading
