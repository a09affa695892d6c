"""Real daemons on one database, SQLite's or PostgreSQL's: how many polls and webhooks a second, as upstream and rows tell it."""

import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
from sqlalchemy import text

from poller.simulator.steady import SteadyWorld
from tests.bench.answers import upstream_world
from tests.bench.laps import Lap
from tests.bench.moving import asked
from tests.bench.owing import look_at_all
from tests.bench.postgres import rows, run
from tests.bench.program import SOURCE, WARM, pacing, program, write_config
from tests.bench.scale import Scale
from tests.bench.servers import Server
from tests.bench.telling import say
from tests.process.daemon import Daemon, daemon_in, until

PER_JOB: Final = 4  # events of one job owed at once: they go out one after the other
NEVER: Final = 9e9  # when a job is due that is not to be polled
PATIENCE: Final = 120.0  # seconds
RESTING: Final = pacing(every="24h")
_DELIVERED: Final = "SELECT count(*), min(settled_at), max(settled_at) FROM deliveries WHERE state = 'delivered'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """So many daemons on the database `url` (of PostgreSQL), or one on a file (empty)."""

    name: str
    folder: Path
    url: str
    count: int

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database answers, beside its daemons."""
        if self.url:
            return [tuple(row.values()) for row in rows(self.url, statement)]
        with sqlite3.connect(f"file:{self.folder / 'side.db'}?mode=ro", uri=True) as connection:
            return connection.execute(statement).fetchall()

    def configuration(self, upstream: Server, *, paced: str, hook: str = "", lease: float) -> str:
        """The file of each daemon."""
        file = write_config(
            self.folder, database="side.db", endpoint=upstream.url, paced=paced, hook=hook, store=self.url
        )
        lines = file.read_text(encoding="utf-8")
        return lines.replace("[store]", f'[store]\nlease = "{lease:g}s"') if self.url else lines


async def fill(side: Side, upstream: Server, scale: Scale) -> None:
    """Jobs that are polled, and others whose events are owed."""
    side.folder.mkdir()
    owing = upstream_world(jobs=_owing(scale), changing=True)
    at = side.folder
    async with program(at, database="side.db", endpoint=upstream.url, hook="http://x.invalid", store=side.url) as ours:
        await ours.store.registry.add(SOURCE, owing.job_ids, now=0.0)
        for _ in range(PER_JOB + 1):  # nothing is told of a first look
            await look_at_all(ours, owing, due_at=lambda: 0.0)
        async with ours.store.database.writing() as transaction:
            await transaction.execute(text(f"UPDATE jobs SET due_at = {NEVER}"))
        polled = SteadyWorld(jobs=job_count(scale)).job_ids[len(owing.job_ids) :]
        await ours.store.registry.add(SOURCE, polled, now=time.time())


def job_count(scale: Scale) -> int:
    """The jobs that the upstream has to know."""
    return scale.watched + _owing(scale)


@asynccontextmanager
async def polling(side: Side, upstream: Server, scale: Scale) -> AsyncIterator[Sequence[Daemon]]:
    """All daemons of the side, each of which is polling; they are killed at the end."""
    async with AsyncExitStack() as stack:
        daemons = []
        for number in range(side.count):
            folder = side.folder / str(number)
            folder.mkdir()
            daemon = await stack.enter_async_context(daemon_in(folder, {"RUNTIME_DIRECTORY": str(folder)}))
            _write([daemon], side.configuration(upstream, paced=pacing(), lease=scale.lease))
            say(f"{side.name}: starting daemon {number + 1}")
            daemons.append(daemon)
            await daemon.start()
        await until(lambda: _all_poll(side, upstream), PATIENCE, glance=0.2)
        yield daemons


async def poll_again(side: Side, daemons: Sequence[Daemon], upstream: Server, scale: Scale) -> None:
    """After `webhooks`, on PostgreSQL: all that was polled before is due, and each daemon has some of it in hand."""
    run(side.url, f"UPDATE jobs SET due_at = 0 WHERE due_at < {NEVER}")
    _reload(daemons, side.configuration(upstream, paced=pacing(), lease=scale.lease))
    await until(lambda: _all_poll(side, upstream), PATIENCE, glance=0.05)


async def polls(side: Side, upstream: Server, scale: Scale) -> list[Lap]:
    """Requests that the upstream answered: of polls that found nothing new."""
    laps = []
    for number in range(scale.rounds):
        say(f"{side.name}: polls, round {number + 1} of {scale.rounds}")
        before, began, done = await asked(upstream), time.perf_counter(), 0
        while not done:
            await anyio.sleep(scale.seconds)
            done = (await asked(upstream)).details - before.details
        laps.append(Lap(done=done, seconds=time.perf_counter() - began, busy=0.0))
    return laps


async def webhooks(side: Side, daemons: Sequence[Daemon], upstream: Server, hook: str, scale: Scale) -> Lap:
    """Polling ends, the notifier comes into the file: what is owed to it goes out, from the first row that is settled to the last."""
    say(f"{side.name}: webhooks")
    _reload(daemons, side.configuration(upstream, paced=RESTING, hook=hook, lease=scale.lease))
    owed = _owing(scale) * PER_JOB
    await until(lambda: side.query(_DELIVERED)[0][0] >= owed, PATIENCE, glance=0.1)
    [(count, first, last)] = side.query(_DELIVERED)
    return Lap(done=count, seconds=max(last - first, 1e-3), busy=0.0)


def _reload(daemons: Sequence[Daemon], configuration: str) -> None:
    _write(daemons, configuration)
    for daemon in daemons:
        daemon.signal(signal.SIGHUP)


def _write(daemons: Sequence[Daemon], configuration: str) -> None:
    for daemon in daemons:
        daemon.config.write_text(configuration, encoding="utf-8")
        daemon.config.chmod(0o600)  # it holds secrets


def _owing(scale: Scale) -> int:
    return scale.webhooks * 2 // PER_JOB


async def _all_poll(side: Side, upstream: Server) -> bool:
    if side.url:
        [(pollers,)] = side.query("SELECT count(DISTINCT owner) FROM jobs WHERE owner IS NOT NULL")
        return bool(pollers == side.count)
    return (await asked(upstream)).details > WARM
