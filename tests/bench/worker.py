"""One bench in a process of its own: nothing that another one left behind weighs on it."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from poller.host import loop
from poller.host.heap import settle
from tests.bench.claims import claims
from tests.bench.crowd import growth_of_cost, memory
from tests.bench.delivering import webhooks
from tests.bench.figure import Figure
from tests.bench.fresh import fresh
from tests.bench.grouping import grouped
from tests.bench.growth import growth
from tests.bench.machine import cores, pin
from tests.bench.polling import changed, unchanged, vendor
from tests.bench.rotation import rotation
from tests.bench.scale import SCALES, Scale
from tests.bench.several import daemons
from tests.bench.states import states
from tests.bench.telling import give
from tests.bench.templates import templates
from tests.bench.throttled import throttled
from tests.bench.trouble import trouble

BENCHES: Final[Mapping[str, Callable[[Path, Scale], Awaitable[list[Figure]]]]] = {
    "unchanged": unchanged,
    "changed": changed,
    "webhooks": webhooks,
    "templates": templates,
    "grouped": grouped,
    "trouble": trouble,
    "sdk": vendor,
    "memory": memory,
    "crowd": growth_of_cost,
    "growth": growth,
    "states": states,
    "fresh": fresh,
    "throttled": throttled,
    "rotation": rotation,
    "daemons": daemons,
    "claims": claims,
}


def main() -> None:
    """Run the bench that the command line names; figures and progress go to standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bench", choices=BENCHES)
    parser.add_argument("--scale", choices=SCALES, default="whole")
    parser.add_argument(
        "--shared", type=Path, required=True, help="the folder of all benches: this one makes its own in it"
    )
    arguments = parser.parse_args()
    pin(cores()[0])
    settle()  # as the daemon does once it has started; what a bench is measured against has as much of it
    own = arguments.shared / arguments.bench
    own.mkdir()
    give(loop.run(BENCHES[arguments.bench], own, SCALES[arguments.scale]))


if __name__ == "__main__":
    main()
