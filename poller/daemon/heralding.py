"""Keeps systemd informed: a line for `systemctl status`, and signs of life as long as every loop makes progress."""

from collections.abc import Callable
from typing import Final

import anyio
import structlog

from poller.daemon.generation import Generation
from poller.daemon.headline import Numbers, headline
from poller.engine.ports import Clock
from poller.errors import StoreError
from poller.host.systemd import Supervisor
from poller.store.archive import Archive

STATUS_EVERY: Final = 15.0  # seconds between two looks at the numbers
SIGNS_PER_PATIENCE: Final = 4  # signs of life within the time that systemd waits for one
# Seconds without a turn of a loop before the watchdog is no longer fed: twice what the longest transaction may take.
STUCK: Final = 120.0

log = structlog.get_logger(__name__)


class Herald:
    """Tells the service manager. A full or absent database is told, and is no reason to be restarted: its loops still try."""

    def __init__(
        self, supervisor: Supervisor, archive: Archive, clock: Clock, current: Callable[[], Generation]
    ) -> None:
        self._supervisor = supervisor
        self._archive = archive
        self._clock = clock
        self._current = current
        self._looked_at = clock.monotonic()
        self._remark = ""

    async def run(self) -> None:
        """Until cancelled."""
        if not self._supervisor.listens:
            return
        async with anyio.create_task_group() as group:
            group.start_soon(self._say)
            if self._supervisor.watchdog is not None:
                group.start_soon(self._feed, self._supervisor.watchdog / SIGNS_PER_PATIENCE)

    async def ready(self) -> None:
        """The daemon works, or works again."""
        if self._supervisor.listens:
            self._remark = ""
            self._supervisor.ready(await self.line())

    async def refused(self, reason: str) -> None:
        """A reload changed nothing; the status says so until one succeeds."""
        if self._supervisor.listens:
            self._remark = f"not reloaded: {reason.partition(chr(10))[0]}, see the log; "
            self._supervisor.ready(await self.line())

    def reloading(self) -> None:
        """The configuration is being read again."""
        self._supervisor.reloading()

    def stopping(self) -> None:
        """What is in hand is being finished."""
        self._supervisor.stopping("stopping: finishing what is in hand")

    async def line(self) -> str:
        """The status."""
        try:
            trouble = self._current().trouble()  # numbers can be read of a database that cannot be written
            said = f"the database does not take part: {trouble}" if trouble else headline(await self._numbers())
        except StoreError as error:
            said = f"the database does not take part: {error}"
        self._looked_at = self._clock.monotonic()
        return self._remark + said

    def stuck(self) -> str | None:
        """The name of a loop that does not turn; None when all do."""
        now = self._clock.monotonic()
        if now - self._looked_at > STUCK:
            return "store"
        return self._current().stuck(now, STUCK)

    async def _say(self) -> None:
        while True:
            self._supervisor.status(await self.line())
            await anyio.sleep(STATUS_EVERY)

    async def _feed(self, every: float) -> None:
        while True:
            stuck = self.stuck()
            if stuck is None:
                self._supervisor.alive()
            else:
                log.error("a loop is stuck: the watchdog is no longer told that all is well", loop=stuck)
            await anyio.sleep(every)

    async def _numbers(self) -> Numbers:
        parts, now = self._current().parts, self._clock.now()
        blind = [name for name in parts.tenants if (await self._archive.health(name)).blind_since is not None]
        return Numbers(
            sources=len(parts.tenants),
            notifiers=len(parts.dispatchers),
            jobs=await self._archive.count_jobs(now=0.0),
            overdue=sum([await self._archive.overdue(name, now=now) for name in parts.tenants]),
            owed=await self._archive.count_deliveries(),
            blind=blind,
            disabled=[name for name, dispatcher in parts.dispatchers.items() if dispatcher.disabled is not None],
        )
