"""Three daemons on one PostgreSQL under fire, from the first life to the last, and what is measured and audited then."""

import random
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poller.simulator.audit import audit
from poller.simulator.faults import RECEIVER_KINDS, parse_faults
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.verdict import Verdict
from poller.simulator.world import World
from tests.process.campaign import nothing_pending, world_of
from tests.process.daemon import until
from tests.process.fleet import Mishap, Trouble, alive_is, fleet
from tests.process.postgres import own_server
from tests.process.settings import SECRET, Tables, every, source, webhook
from tests.process.speedometer import Speedometer, measured

SETTLING: Final = 90.0  # seconds that everything may take to be delivered once the last life is over
UPSTREAM: Final = "500=0.03,reset=0.02,shape=0.02,shrink=0.02"
RECEIVER: Final = "500=0.03,lost=0.03,reset=0.02"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordeal:
    """What is to happen. `seconds` is how long the lives of all jobs take, `rate` the requests a second of all daemons together.

    After half of the `rounds` of trouble one daemon sleeps for `nap` seconds. Every job is due several times a second, so with
    `sweep = "detail"` there is always more to ask than the rate allows.
    """

    jobs: int
    seconds: float
    rate: float
    lease: float
    rounds: int
    gaps: tuple[float, float]
    nap: float = 0.0
    sweep: str = "auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What happened. `lived` is from when all had joined until the last life was over, in monotonic seconds."""

    verdict: Verdict
    mishaps: list[Mishap]
    altered: int
    speed: Speedometer
    lived: tuple[float, float]
    exit_codes: list[int]
    log: str


async def undergo(ordeal: Ordeal, folder: Path, seed: int) -> Outcome:
    """Let them live through it, then finish and stop."""
    world = world_of(ordeal.jobs, ordeal.seconds, seed)
    chance = random.Random(seed)
    async with (
        running_simulator(world, faults=parse_faults(UPSTREAM), seed=seed) as simulator,
        running_receiver(SECRET, faults=parse_faults(RECEIVER, RECEIVER_KINDS), seed=seed) as receiver,
        measured(simulator) as speed,
    ):
        prod = source(
            simulator,
            endpoint=speed.url,
            rate=f"{ordeal.rate:.0f}/s",
            timeout="1s",
            every=every("300ms"),
            sweep=ordeal.sweep,
        )
        with own_server(synced=False) as server:
            async with fleet(folder, _tables(ordeal, server.url, prod, receiver)) as daemons:
                for daemon in daemons:
                    await daemon.start()
                await until(lambda: alive_is(daemons[0], len(daemons)))
                began = time.monotonic()
                trouble = Trouble(daemons=daemons, server=server, chance=chance, lease=ordeal.lease, gaps=ordeal.gaps)
                mishaps = await trouble.rounds(ordeal.rounds // 2)
                if ordeal.nap:
                    mishaps.append(await trouble.sleep(chance.choice(daemons), ordeal.nap))
                mishaps += await trouble.rounds(ordeal.rounds - ordeal.rounds // 2)
                over_at = max(world.over_at(), time.time())
                await until(lambda: time.time() > over_at, ordeal.seconds + SETTLING)
                lived = (began, time.monotonic())
                with suppress(TimeoutError):  # what is missing then, the verdict says better
                    await until(lambda: _verdict(world, receiver, over_at).ok, SETTLING, glance=1.0)
                await until(lambda: nothing_pending(daemons[0]), SETTLING)
                return Outcome(
                    verdict=_verdict(world, receiver, over_at),
                    mishaps=mishaps,
                    altered=receiver.tally.altered,
                    speed=speed,
                    lived=lived,
                    exit_codes=[await daemon.stop() for daemon in daemons],
                    log="".join(daemon.log for daemon in daemons),
                )


def _tables(ordeal: Ordeal, url: str, prod: Tables, receiver: Receiver) -> Tables:
    return {
        "store": {"url": url, "lease": f"{ordeal.lease:.0f}s"},
        "sources": {"prod": prod},
        "notifiers": {"backend": webhook(receiver.url, timeout="1s", concurrency=8)},
    }


def _verdict(world: World, receiver: Receiver, over_at: float) -> Verdict:
    return audit(world.truths(), receiver.arrivals, first_sight="all", required_until=over_at)
