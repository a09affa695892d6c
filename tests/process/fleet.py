"""Daemons on one PostgreSQL, and what may happen to them: kill -9, a pause, a long sleep, a stop, a restart of the database."""

import random
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from tests.process.daemon import Daemon, daemon_in
from tests.process.postgres import OwnServer
from tests.process.settings import Tables

LEASE: Final = 2.0  # seconds: so long a dead daemon keeps its work, in the suite
PATIENCE: Final = 180.0  # seconds for a daemon to start, or to end, among others that work at full speed
KINDS: Final = ("kill", "pause", "stop", "restart")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mishap:
    """What happened to which daemon (none when it was the database), from when until when, in monotonic seconds."""

    kind: str
    daemon: str
    began: float
    ended: float


@asynccontextmanager
async def fleet(
    folder: Path, tables: Tables, names: str = "abc", environ: Mapping[str, str] | None = None
) -> AsyncIterator[list[Daemon]]:
    """Daemons with the same configuration in folders of their own; none is started yet."""
    async with AsyncExitStack() as stack:
        daemons = []
        for name in names:
            (folder / name).mkdir()
            daemon = await stack.enter_async_context(daemon_in(folder / name, environ))
            daemon.write(**tables)
            daemons.append(daemon)
        yield daemons


async def shown(daemon: Daemon) -> list[dict[str, object]]:
    """All daemons, as this one lists them."""
    async with daemon.control() as client:
        return list((await client.get("daemons"))["items"])


async def alive(daemon: Daemon) -> int:
    """How many are alive, as this one knows."""
    return sum(bool(one["alive"]) for one in await shown(daemon))


async def alive_is(daemon: Daemon, count: int) -> bool:
    return await alive(daemon) == count


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Comes over the daemons one after the other: after `gaps` (from, to; seconds) the next kind, to any of them.

    A pause is up to 1.5 leases long.
    """

    daemons: Sequence[Daemon]
    server: OwnServer
    chance: random.Random
    lease: float
    gaps: tuple[float, float]

    async def rounds(self, count: int) -> list[Mishap]:
        """All run at the end."""
        return [await self._one(KINDS[number % len(KINDS)]) for number in range(count)]

    async def sleep(self, daemon: Daemon, seconds: float) -> Mishap:
        """This one stands still for so long."""
        began = time.monotonic()
        await self._pause(daemon, seconds)
        return Mishap(kind="sleep", daemon=daemon.folder.name, began=began, ended=time.monotonic())

    async def _one(self, kind: str) -> Mishap:
        await anyio.sleep(self.chance.uniform(*self.gaps))
        daemon = self.chance.choice(self.daemons)
        began = time.monotonic()
        match kind:
            case "restart":
                await anyio.to_thread.run_sync(self.server.restart)
            case "pause":
                await self._pause(daemon, self.lease * self.chance.uniform(0.1, 1.5))
            case _:
                await self._end(kind, daemon)
        name = "" if kind == "restart" else daemon.folder.name
        return Mishap(kind=kind, daemon=name, began=began, ended=time.monotonic())

    async def _pause(self, daemon: Daemon, seconds: float) -> None:
        daemon.signal(signal.SIGSTOP)
        await anyio.sleep(seconds)
        daemon.signal(signal.SIGCONT)

    async def _end(self, kind: str, daemon: Daemon) -> None:
        if kind == "kill":
            daemon.kill()
        else:
            assert await daemon.stop(PATIENCE) == 0
        await anyio.sleep(self.chance.uniform(0.0, 1.0))
        await daemon.start(PATIENCE)
