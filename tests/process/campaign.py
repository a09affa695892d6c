"""A whole campaign: a world lives its life, a daemon is killed again and again, and an audit says what became of it all."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

from poller.simulator.audit import audit
from poller.simulator.faults import RECEIVER_KINDS, parse_faults
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.verdict import Verdict
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, Tables, every, source, webhook

SETTLING = 90.0  # seconds that everything may take to be delivered once the last life is over
LOOK = 0.5  # seconds between two audits


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """What is to happen. `seconds` is how long the lives of all jobs take; `changes` are to the tables of source and notifier."""

    jobs: int
    kills: int
    seconds: float
    upstream: str
    receiver: str
    store: Tables
    source: Tables
    notifier: Tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What happened. `killed_at_work` counts the kills that hit a daemon that was up."""

    verdict: Verdict
    simulator: Simulator
    receiver: Receiver
    killed_at_work: int
    exit_code: int
    log: str

    def __str__(self) -> str:
        upstream, receiver = self.simulator.counters.faults.total(), self.receiver.tally.faults.total()
        return (
            f"{self.verdict.summary}\nfaults:   {upstream} upstream, {receiver} at the receiver"
            f"\nkills:    {self.killed_at_work} of a daemon at work"
        )


async def fight(campaign: Campaign, folder: Path, seed: int) -> Outcome:
    """Kill now and then, then let it finish and stop it."""
    chance = random.Random(seed)
    world = world_of(campaign.jobs, campaign.seconds, seed)
    async with (
        running_simulator(world, faults=parse_faults(campaign.upstream), seed=seed) as simulator,
        running_receiver(SECRET, faults=parse_faults(campaign.receiver, RECEIVER_KINDS), seed=seed) as receiver,
        daemon_in(folder) as daemon,
    ):
        prod = source(simulator, **{"every": every("400ms"), **campaign.source})
        backend = webhook(receiver.url, **{"concurrency": 16, **campaign.notifier})
        daemon.write(store=campaign.store, sources={"prod": prod}, notifiers={"backend": backend})
        at_work = [await _live_and_die(daemon, simulator, number, chance) for number in range(campaign.kills)]
        await daemon.start()
        over_at = max(world.over_at(), time.time())
        await _settle(simulator, receiver, daemon, over_at)
        exit_code = await daemon.stop()
        return Outcome(
            verdict=_verdict(simulator, receiver, over_at),
            simulator=simulator,
            receiver=receiver,
            killed_at_work=sum(at_work),
            exit_code=exit_code,
            log=daemon.log,
        )


def world_of(jobs: int, seconds: float, seed: int) -> World:
    """A world whose lives take so many seconds."""
    slow = World(jobs=jobs, seed=seed, speed=1.0)
    return World(jobs=jobs, seed=seed, speed=(slow.over_at() - time.time()) / seconds)


async def nothing_pending(daemon: Daemon) -> bool:
    """Whether everything that was owed is delivered, or dead."""
    async with daemon.control() as client:
        return not (await client.get("deliveries", state="pending", limit=1))["items"]


@contextmanager
def shown_seed() -> Iterator[int]:
    """A seed that pytest shows when the block fails."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 pytest shows it with the failure
    yield seed


async def _live_and_die(daemon: Daemon, simulator: Simulator, number: int, chance: random.Random) -> bool:
    """Kills at random moments, of daemons that have begun to poll; every third life ends while it may still be starting."""
    if number % 3 == 2:
        daemon.launch()
        await anyio.sleep(chance.uniform(0.3, 2.5))
        daemon.kill()
        return False
    asked = (
        simulator.counters.requests.total()
    )  # detail calls or list pages: how states are read is the daemon's choice
    await daemon.start()
    await simulator.until(lambda upstream: upstream.counters.requests.total() > asked, SETTLING)
    await anyio.sleep(chance.uniform(0.0, 1.5))
    daemon.kill()
    return True


async def _settle(simulator: Simulator, receiver: Receiver, daemon: Daemon, over_at: float) -> None:
    await until(lambda: time.time() > over_at, SETTLING * 2)
    with suppress(TimeoutError):  # what is missing then, the verdict says better
        await until(lambda: _verdict(simulator, receiver, over_at).ok, SETTLING, glance=LOOK)
    await until(lambda: nothing_pending(daemon), SETTLING)


def _verdict(simulator: Simulator, receiver: Receiver, over_at: float) -> Verdict:
    return audit(simulator.world.truths(), receiver.arrivals, first_sight="all", required_until=over_at)
