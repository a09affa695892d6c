"""What 100,000 watched jobs cost: memory and start-up time of the real process, and time per poll."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from tests.bench.answers import upstream_world
from tests.bench.figure import Figure
from tests.bench.laps import alternate, median_rate, ratio
from tests.bench.machine import busy_seconds, cores, peak_memory, pin
from tests.bench.owing import watch_many
from tests.bench.program import program, write_config
from tests.bench.scale import Scale
from tests.bench.servers import Server, upstream
from tests.bench.telling import say

FEW = 1000
LEAST_ROUNDS = 3
PATIENCE = 60.0  # seconds to wait for a first poll
LOOK = 0.02  # seconds between two looks at whether it has come
GRACE = 15.0  # seconds for the daemon to stop
DAEMON = "`poller run`, a process of its own, {jobs:,} jobs in SQLite, all of them due"


async def memory(scratch: Path, scale: Scale) -> list[Figure]:
    """One start of the daemon tells two figures."""
    jobs, scratch = scale.crowd, scratch.parent
    with upstream(jobs=jobs) as server:
        await _fill(scratch, server, jobs)
        config = write_config(scratch, database=_database(jobs), endpoint=server.url)
        with daemon(scratch, config) as (pid, started):
            pin(cores()[1])
            first = await _first_poll(server) - started
            busy = busy_seconds(pid)
            say(f"polling for {scale.running:g} s")
            await anyio.sleep(scale.running)
            peak = peak_memory(pid)
    return [_memory_figure(jobs, peak, scale.running), _start_figure(jobs, first, busy)]


async def growth_of_cost(scratch: Path, scale: Scale) -> list[Figure]:
    """The same polls with few jobs and with many, in laps that are as long as the daemon's time between two looks at all of them."""
    few, scratch = min(FEW, scale.crowd // 10), scratch.parent
    rounds = min(scale.rounds, max(LEAST_ROUNDS, scale.rounds // 2))
    with upstream(jobs=scale.crowd) as server:
        for jobs in (few, scale.crowd):
            await _fill(scratch, server, jobs)
        async with (
            program(scratch, database=_database(few), endpoint=server.url) as small,
            program(scratch, database=_database(scale.crowd), endpoint=server.url) as large,
        ):
            laps = await alternate(rounds, lambda: large.poll_for(scale.running), lambda: small.poll_for(scale.running))
    many_rate, few_rate = median_rate(laps[0]), median_rate(laps[1])
    cost = [statistics.median(lap.cost for lap in side) * 1e6 for side in laps]
    return [
        Figure(
            what=f"time per poll, {scale.crowd:,} jobs against {few:,}",
            value=ratio(laps[1], laps[0]),
            unit="x",
            goal=1.2,
            best="low",
            ours=f"{1e6 / many_rate:,.0f} µs  {scale.crowd:,} jobs, due in random order, {rounds} laps of {scale.running:g} s",
            baseline=f"{1e6 / few_rate:,.0f} µs  {few:,} jobs",
            detail=f"processor time {cost[0]:,.0f} µs against {cost[1]:,.0f} µs",
        )
    ]


def _database(jobs: int) -> str:
    return f"crowd-{jobs}.db"


async def _fill(scratch: Path, server: Server, jobs: int) -> None:
    """A database with so many jobs, unless a bench before this one has left it."""
    done = scratch / f"{_database(jobs)}.filled"
    if not done.exists():
        async with program(scratch, database=_database(jobs), endpoint=server.url) as ours:
            await watch_many(ours, upstream_world(jobs=jobs, changing=False))
        done.touch()


@contextmanager
def daemon(scratch: Path, config: Path) -> Iterator[tuple[int, float]]:
    """The daemon's process id, and the monotonic time at which it was started. It must end well."""
    environ = {
        name: value for name, value in os.environ.items() if name not in {"RUNTIME_DIRECTORY", "STATE_DIRECTORY"}
    }
    say("starting the daemon")
    with (scratch / "daemon.log").open("wb") as log_file:
        started = time.monotonic()
        command = [sys.executable, "-m", "poller", "run", "--config", str(config)]
        with subprocess.Popen(command, stdout=log_file, stderr=log_file, env=environ) as process:
            try:
                yield process.pid, started
            finally:
                process.send_signal(signal.SIGTERM)
                code = process.wait(GRACE)
    if code:
        raise RuntimeError(
            f"the daemon ended with {code}: {(scratch / 'daemon.log').read_text(encoding='utf-8')[-2000:]}"
        )


async def _first_poll(server: Server) -> float:
    with anyio.fail_after(PATIENCE):
        while (at := server.first_request()) is None:  # noqa: ASYNC110 another process knows
            await anyio.sleep(LOOK)
    return at


def _memory_figure(jobs: int, peak: int, seconds: float) -> Figure:
    return Figure(
        what=f"peak memory with {jobs:,} jobs",
        value=peak / 1e6,
        unit="MB",
        goal=200.0,
        best="low",
        ours=f"{DAEMON.format(jobs=jobs)}, polled as fast as it goes for {seconds:g} s",
        baseline="none",
        detail="VmHWM: everything resident, with the interpreter, shared libraries and SQLite's cache",
    )


def _start_figure(jobs: int, seconds: float, busy: float) -> Figure:
    return Figure(
        what=f"from start to first poll with {jobs:,} jobs",
        value=seconds,
        unit="s",
        goal=3.0,
        best="low",
        ours=DAEMON.format(jobs=jobs),
        baseline="none",
        detail="from before the process is made to the arrival of the first request at the upstream; "
        f"processor time until then {busy:.2f} s",
    )
