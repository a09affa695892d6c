"""A whole rehearsal on one machine: simulated API, the real daemon on a fresh SQLite file, a receiver that verifies, an audit."""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import Process

from poller.simulator.audit import audit
from poller.simulator.faults import PRESETS, RECEIVER_KINDS, Faults, parse_faults
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.told import Told
from poller.simulator.verdict import Verdict
from poller.simulator.world import World

SHORTEST_INTERVAL: Final = 0.15  # seconds between two polls of a job
MOST_POLLS: Final = 250.0  # polls per second of all jobs together: what two cores do beside everything else here
REST: Final = 60.0  # seconds that the daemon has to tell the rest once nothing happens upstream any more
GRACE: Final = (
    12.0  # seconds without anything told after which nothing more is expected; also to stop (INTERFACE.md section 8)
)
GLANCE: Final = 0.2  # seconds between two looks at whether all is told
# Not passed on: the daemon of a rehearsal works in its own folder.
_PLACES: Final = ("POLLER_CONFIG", "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`speed` is simulated seconds in a real one; `lasting` bounds how long the jobs live, in real seconds; None: to their end."""

    jobs: int
    speed: float
    lasting: float | None
    faults: str
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How it ended.

    `seconds` is how long the jobs lived, `exit_code` the daemon's; faults are those made on purpose, `refused` unverified requests.
    """

    verdict: Verdict
    exit_code: int | None
    seconds: float
    upstream_faults: int
    receiver_faults: int
    refused: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Upstream and receiver agree, every request was genuine, and the daemon stopped in order."""
        return self.verdict.ok and self.exit_code == 0 and not self.refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """What runs during a rehearsal."""

    plan: Plan
    clock: "StoppableClock"
    world: World
    simulator: Simulator
    receiver: Receiver


async def rehearse(plan: Plan, folder: Path, *, show: Callable[[Told], None], stop: anyio.Event) -> Outcome:
    """Let the jobs live, at most until `stop` is set, and have everything told. `show` is given each new event."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    clock = StoppableClock()
    started_at = clock()
    world = World(jobs=plan.jobs, seed=plan.seed, speed=plan.speed, clock=clock)
    async with (
        running_simulator(world, faults=parse_faults(plan.faults), seed=plan.seed) as simulator,
        running_receiver(secret, faults=_receiver_faults(plan.faults), seed=plan.seed) as receiver,
    ):
        stage = Stage(plan=plan, clock=clock, world=world, simulator=simulator, receiver=receiver)
        file = folder / "poller.toml"
        file.write_text(configuration(stage, secret), encoding="utf-8")
        async with _daemon(file) as process:
            await _until_told(stage, process, show, stop)
            exit_code = await _stop(process)
        return Outcome(
            verdict=_verdict(stage),
            exit_code=exit_code,
            seconds=clock() - started_at,
            upstream_faults=simulator.counters.faults.total(),
            receiver_faults=receiver.tally.faults.total(),
            refused=dict(receiver.tally.refused),
        )


def configuration(stage: Stage, secret: str) -> str:
    """A configuration that watches every job of the simulator from its first entry on, and tells the receiver everything."""
    accepted = stage.simulator.gate.accepted
    ids = stage.world.ids()
    interval = max(SHORTEST_INTERVAL, len(ids) / MOST_POLLS)
    every = ", ".join(
        f'{name} = "{round(interval * 1000)}ms"'
        for name in ("active", "waiting_on_us", "waiting_on_vendor", "failed", "done", "unknown")
    )
    return f"""# Written by `poller demo`.
[store]
url = "sqlite:///poller.db"

[sources.simulated]
kind = "metastudio-avatar"
endpoint = "{stage.simulator.endpoint}"
project_id = "{accepted.project_id}"
auth = {{ method = "aksk", access_key = "{accepted.access_key}", secret_key = "{accepted.secret_key}" }}
jobs = {json.dumps(ids)}
rate = "{round(2 * MOST_POLLS)}/s"
every = {{ {every} }}
first_sight = "all"

[notifiers.receiver]
kind = "webhook"
url = "{stage.receiver.url}"
secret = "{secret}"
retry = ["200ms", "500ms", "1s", "2s", "2s", "2s", "2s", "2s", "2s", "2s"]
rate = "1000/s"
concurrency = 16
"""


def _receiver_faults(faults: str) -> Faults:
    return parse_faults(PRESETS["flaky-receiver"] if faults == "flaky" else "none", RECEIVER_KINDS)


@asynccontextmanager
async def _daemon(file: Path) -> AsyncIterator[Process]:
    """The daemon as its own process, killed if it is still there at the end; its log is `poller.log` beside `file`."""
    environ = {name: value for name, value in os.environ.items() if name not in _PLACES}
    with (file.parent / "poller.log").open("wb") as log:
        # Its own session: Ctrl-C is for the rehearsal, which then stops the daemon in order.
        process = await anyio.open_process(
            [sys.executable, "-m", "poller", "run", "--config", str(file)],
            cwd=file.parent,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.aclose()


async def _until_told(stage: Stage, process: Process, show: Callable[[Told], None], stop: anyio.Event) -> None:
    """Let the jobs live until their lives are over or somebody ends it; then the rest is told, as far as GRACE goes."""
    news = _News(stage.receiver, show)
    over_at = stage.world.over_at()
    lasting = float("inf") if stage.plan.lasting is None else stage.plan.lasting
    ends_at = min(over_at, stage.clock() + lasting)
    while process.returncode is None and not stop.is_set() and stage.clock() <= ends_at:
        news.tell()
        with anyio.move_on_after(GLANCE):
            await stop.wait()
    stage.clock.stop()
    with anyio.move_on_after(REST):
        await _tell_the_rest(stage, process, news)
    news.tell()


async def _tell_the_rest(stage: Stage, process: Process, news: "_News") -> None:
    """Until the two agree, or nothing new has come for GRACE."""
    came_at = time.monotonic()
    while process.returncode is None and time.monotonic() - came_at < GRACE:
        if news.tell():
            came_at = time.monotonic()
        elif _verdict(stage).ok:  # takes a while with many jobs, so only when it is quiet
            return
        await anyio.sleep(GLANCE)


class StoppableClock:
    """Seconds since 1970, until it is stopped: from then on nothing happens upstream any more."""

    def __init__(self) -> None:
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        """The time, or when it was stopped."""
        return time.time() if self._stopped_at is None else self._stopped_at

    def stop(self) -> None:
        """Stand still."""
        self._stopped_at = self()


class _News:
    """Shows each event once, when it was first accepted."""

    def __init__(self, receiver: Receiver, show: Callable[[Told], None]) -> None:
        self._receiver = receiver
        self._show = show
        self._read = 0
        self._known: set[str] = set()

    def tell(self) -> int:
        """How many attempts have come since the last time."""
        fresh, self._read = self._receiver.arrivals[self._read :], len(self._receiver.arrivals)
        for arrival in fresh:
            if arrival.accepted and arrival.id not in self._known:
                self._known.add(arrival.id)
                self._show(arrival.event)
        return len(fresh)


def _verdict(stage: Stage) -> Verdict:
    return audit(stage.world.truths(), stage.receiver.arrivals, first_sight="all")


async def _stop(process: Process) -> int | None:
    """The daemon's exit code after SIGTERM; None when it does not stop in time."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    with anyio.move_on_after(GRACE):
        return await process.wait()
    return None
