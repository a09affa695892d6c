"""What the soak's sources read: upstream.py STEADY_PORT PASSING_PORT ROUND SPEED. Ends on SIGTERM, when nothing answers any more.

The steady jobs live the same days in every round, down to the second: their states move again and what is known of each stays as it was.
The passing ones are new in every round, and gone after it: each leaves what is known of it behind for ever, which the soak accounts for.
"""

import signal
import sys
from typing import Final

import anyio

from poller.simulator.faults import parse_faults
from poller.simulator.server import running_simulator
from poller.simulator.world import World

STEADY: Final = 120
PASSING: Final = 15
# A bad day without most of its 429 and 503: the pace gives way to each of them, and the jobs would live faster than they are asked about.
FAULTS: Final = (
    "500=0.03,502=0.01,429=0.001,html=0.02,cut=0.02,reset=0.02,slow=0.02:500ms,shape=0.02,shrink=0.01,shuffle=0.02"
)
FIRST_DAY: Final = 1_700_000_000  # of the steady jobs' lives, seconds since 1970


async def serve(steady_port: int, passing_port: int, number: int, speed: float) -> None:
    """One round."""
    steady = World(jobs=STEADY, seed=1, speed=speed, epoch=FIRST_DAY)
    passing = World(jobs=PASSING, seed=number + 2, speed=speed)
    faults = parse_faults(FAULTS)
    with anyio.open_signal_receiver(signal.SIGTERM) as signals:
        async with (
            running_simulator(steady, port=steady_port, faults=faults, seed=number),
            running_simulator(passing, port=passing_port, faults=faults, seed=number),
        ):
            async for _ in signals:
                break


if __name__ == "__main__":
    anyio.run(serve, int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
