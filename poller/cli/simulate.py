"""`poller simulate`: the simulated API alone."""

import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer

from poller.cli.examples import examples
from poller.cli.screen import note
from poller.errors import PollerError, UsageError
from poller.host import loop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from poller.simulator.server import Simulator
    from poller.simulator.world import World

SHOWN: Final = 3  # job ids of the sample configuration
LARGEST_PORT: Final = 65535

Jobs = Annotated[int, typer.Option(metavar="N", min=0, max=1_000_000, help="How many jobs there are.")]
Speed = Annotated[float, typer.Option(metavar="X", min=0.001, max=1e6, help="Simulated seconds in a real one.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Another number, other lives; the same one, the same.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller simulate --jobs 100 --speed 600",
            "poller simulate --listen 127.0.0.1:9000 --throttle 20/s --faults flaky",
            "poller simulate --faults 500=0.05,slow=0.02:3s,reset=0.01",
            "curl -s http://127.0.0.1:8790/simulator/truth | jq '.jobs | length'",
        )
    )(simulate)


def simulate(
    listen: Annotated[
        str, typer.Option(metavar="ADDR:PORT", help="Where it is served; port 0 takes a free one.")
    ] = "127.0.0.1:8790",
    jobs: Jobs = 20,
    speed: Speed = 60.0,
    faults: Annotated[
        str, typer.Option(metavar="KIND=SHARE[:AMOUNT],…", help="What goes wrong how often; flaky is a bad day.")
    ] = "none",
    throttle: Annotated[
        str | None, typer.Option(metavar="RATE", help="Calls of each API, such as 20/s.", show_default=False)
    ] = None,
    seed: Seed = 1,
) -> None:
    """Serve a simulated MetaStudio until Ctrl-C; prints a configuration that reads it.

    What really happened is at /simulator/truth, the jobs at /simulator/jobs.
    """
    from poller.simulator.faults import parse_faults
    from poller.simulator.server import running_simulator
    from poller.simulator.throttle import parse_rate
    from poller.simulator.world import World

    host, port = address(listen)
    serving = partial(
        running_simulator,
        host=host,
        port=port,
        faults=parse_faults(faults),
        throttle=None if throttle is None else parse_rate(throttle),
        seed=seed,
    )
    loop.run(_serve, World(jobs=jobs, seed=seed, speed=speed), serving, listen)


def address(listen: str) -> tuple[str, int]:
    """`ADDR:PORT`, `[::1]:PORT` or `:PORT`. Raises UsageError."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > LARGEST_PORT:
        raise UsageError(f"--listen: found {listen!r}; expected ADDR:PORT such as 127.0.0.1:8790")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


async def _serve(
    world: "World", serving: "Callable[[World], AbstractAsyncContextManager[Simulator]]", listen: str
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        try:
            async with serving(world) as simulator:
                sys.stdout.write(sample(simulator, world.ids()[:SHOWN]))
                sys.stdout.flush()
                note("serving; Ctrl-C ends it")
                async for _ in signals:
                    break
        except OSError as error:
            raise PollerError(f"cannot listen at {listen} ({error.strerror}); choose another with --listen") from None


def sample(simulator: "Simulator", jobs: "Sequence[str]") -> str:
    """A source that reads the simulator, as it stands in a configuration."""
    import json

    accepted = simulator.gate.accepted
    return f"""[sources.simulated]
kind = "metastudio-avatar"
endpoint = "{simulator.endpoint}"
project_id = "{accepted.project_id}"
auth = {{ method = "aksk", access_key = "{accepted.access_key}", secret_key = "{accepted.secret_key}" }}
jobs = {json.dumps(list(jobs))}
"""
