"""`poller demo`: the rehearsal, shown."""

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer

from poller.cli.examples import examples
from poller.cli.naming import given_duration
from poller.cli.screen import STYLES, console, is_terminal, note, printable, say
from poller.cli.simulate import Seed
from poller.host import loop

if TYPE_CHECKING:
    from poller.cli.rehearsal import Outcome, Plan
    from poller.simulator.told import Told

USUAL_SPEED: Final = 14_400.0  # simulated seconds in a real one: most lives are over in 20 s
AT_USUAL_SPEED: Final = 60  # jobs that two cores can simulate, watch, tell and verify at that speed
LOG_LINES: Final = 15  # of the daemon's log, shown when it did not end well

Jobs = Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="How many jobs live.")]
Speed = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        min=1,
        max=1e6,
        help="Simulated seconds in a real one; else 14400, less for many jobs.",
        show_default=False,
    ),
]
Lasting = Annotated[
    str | None,
    typer.Option(
        "--for", metavar="DURATION", help="Stop the jobs after this; else they live to their end.", show_default=False
    ),
]
Faulty = Annotated[
    str, typer.Option("--faults", metavar="none|flaky|…", help="flaky: a bad day upstream and at the receiver.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples("poller demo", "poller demo --jobs 100 --faults flaky", "poller demo --speed 3600 --for 60s")
    )(demo)


def demo(
    jobs: Jobs = 12, speed: Speed = None, lasting: Lasting = None, faults: Faulty = "none", seed: Seed = 1
) -> None:
    """Rehearse on this machine: simulated jobs live through their days in seconds, each transition is told and verified.

    Runs a simulated API, the real daemon on a fresh SQLite file, and a receiver that checks every signature; ends with a
    summary of what happened upstream, what was told, how late, and whether the two agree (else the exit code is 1).
    """
    from poller.cli.rehearsal import Plan

    bound = None if lasting is None else given_duration(lasting, "--for")
    plan = Plan(
        jobs=jobs,
        speed=speed or min(USUAL_SPEED, USUAL_SPEED * AT_USUAL_SPEED / jobs),
        lasting=bound,
        faults=faults,
        seed=seed,
    )
    with tempfile.TemporaryDirectory(prefix="poller-demo-") as folder:
        outcome = loop.run(_rehearse, plan, Path(folder))
        if outcome.exit_code != 0:
            _blame(Path(folder) / "poller.log", outcome.exit_code)
    _summarize(plan, outcome)
    if not outcome.ok:
        raise typer.Exit(1)


async def _rehearse(plan: "Plan", folder: Path) -> "Outcome":
    from poller.cli.rehearsal import rehearse

    stop = anyio.Event()
    with _stage(plan) as show:
        async with anyio.create_task_group() as group:
            group.start_soon(_stop_on_signal, stop)
            outcome = await rehearse(plan, folder, show=show, stop=stop)
            group.cancel_scope.cancel()
    return outcome


async def _stop_on_signal(stop: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            note("stopping; the summary follows")
            stop.set()


@contextmanager
def _stage(plan: "Plan") -> "Iterator[Callable[[Told], None]]":
    """Where events are shown: lines, and on a terminal a moving one below them that counts."""
    if not is_terminal():
        yield lambda event: say(_line(event))
        return
    from rich.text import Text

    out, started, told = console(), time.monotonic(), 0
    with out.status("starting the daemon …") as status:

        def show(event: "Told") -> None:
            nonlocal told
            told += 1
            style = STYLES.get(str((event.data.get("job") or {}).get("class")), "")
            out.print(Text(printable(_line(event)), style=style), soft_wrap=True)
            days = (time.monotonic() - started) * plan.speed / 86_400
            status.update(f"day {days:.1f} in the life of {plan.jobs} jobs: {told} events told")

        yield show


def _line(event: "Told") -> str:
    seen = datetime.fromtimestamp(event.observed_at).astimezone()
    return f"{seen:%H:%M:%S}  {event.data.get('summary') or event.transition}"


def _summarize(plan: "Plan", outcome: "Outcome") -> None:
    say("")
    for line in outcome.verdict.summary.split("\n"):
        say(line)
    if plan.faults != "none":
        say(
            f"bad day:  {outcome.upstream_faults} calls and {outcome.receiver_faults} deliveries were spoilt on purpose"
        )
    for problem, count in outcome.refused.items():
        say(f"refused:  {count} times: {problem}")
    if outcome.verdict.states_told < outcome.verdict.states_happened:
        say("          (a state that comes and goes between two polls is not seen; its log entries tell of it)")
    if not outcome.verdict.ok and outcome.exit_code == 0:
        say("          (are entries merely missing? Then it was too much for this machine: try a lower --speed)")
    say(f"took:     {outcome.seconds:.0f} s for {outcome.seconds * plan.speed / 86_400:.1f} simulated days")


def _blame(log: Path, exit_code: int | None) -> None:
    """What the daemon said last: its folder is gone after this."""
    note(
        "the daemon did not stop in time"
        if exit_code is None
        else f"the daemon ended with exit code {exit_code}; its log:"
    )
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    for line in lines:
        sys.stderr.write(f"  {printable(line)}\n")
