"""kill -9 of one of two daemons: when the other has polled what the dead one held."""

import signal
import time
from collections.abc import Sequence
from statistics import median
from typing import Final

from tests.bench.figure import Figure
from tests.bench.scale import Scale
from tests.bench.sides import Side
from tests.bench.telling import say
from tests.process.daemon import Daemon, until

OVER: Final = 2.0  # seconds after the end of the lease
GRACE: Final = 60.0  # seconds over the lease that it may take before the bench breaks


async def handover(side: Side, daemons: Sequence[Daemon], scale: Scale) -> Figure:
    """One of `daemons`, all of which are polling, is killed; needs one more that goes on."""
    victim = daemons[0]
    [(owner,)] = side.query(f"SELECT id FROM daemons WHERE pid = {victim.process.pid}")
    await until(lambda: _stopped_at_work(side, victim, owner), GRACE)
    say("kill -9")
    victim.kill()
    killed = time.time()
    held = _held(side, owner)
    ids = ", ".join(str(key) for key in held)
    polled = f"SELECT seen_at FROM jobs WHERE id IN ({ids}) AND seen_at > {killed}"
    await until(lambda: len(side.query(polled)) == len(held), scale.lease + GRACE, glance=0.2)
    waits = sorted(seen_at - killed for (seen_at,) in side.query(polled))
    return Figure(
        what="from kill -9 of one of two daemons to the last poll of what it held",
        value=waits[-1],
        unit="s",
        goal=scale.lease + OVER,
        best="low",
        ours=f"{len(held)} jobs held, polled by the other after {waits[0]:.1f} s at the earliest, {median(waits):.1f} s in the middle",
        baseline="none",
        detail=f"store.lease = {scale.lease:g} s, which a daemon renews six times while it lasts",
    )


def _stopped_at_work(side: Side, victim: Daemon, owner: str) -> bool:
    """Whether it holds jobs, and stands still with them: of few jobs it would have given back the last one before the kill."""
    victim.process.send_signal(signal.SIGSTOP)
    if _held(side, owner):
        return True
    victim.process.send_signal(signal.SIGCONT)
    return False


def _held(side: Side, owner: str) -> list[int]:
    return [key for (key,) in side.query(f"SELECT id FROM jobs WHERE owner = '{owner}'")]
