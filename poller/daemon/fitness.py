"""Whether the database is still what this version works with: somebody may upgrade, restore or take it away under a running daemon."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import structlog

from poller.engine.ports import Clock
from poller.errors import StoreError

LOOK_EVERY: Final = 5.0  # seconds between two looks; asking whether the daemon is ready costs none
UNANSWERED: Final = 15.0  # seconds without an answer of the database before that is said

log = structlog.get_logger(__name__)


class Fitness:
    """Looks at the schema now and then. `look` says why this version cannot work with it, None when it can; raises StoreError."""

    def __init__(self, look: Callable[[], Awaitable[str | None]], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._asked_at: float | None = None
        self._misfit: str | None = None

    @property
    def misfit(self) -> str | None:
        """Why the daemon cannot work with the database, as far as reading it shows; None when it can."""
        if self._asked_at is not None and self._clock.monotonic() - self._asked_at > UNANSWERED:
            return f"the database has not answered for {self._clock.monotonic() - self._asked_at:.0f} s"
        return self._misfit

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.round()
            await anyio.sleep(LOOK_EVERY)

    async def round(self) -> None:
        """One look. What changes is logged once."""
        self._asked_at = self._clock.monotonic()
        try:
            found = await self._look()
        except StoreError as error:
            found = f"the database does not take part: {error}"
        self._asked_at = None
        if found is not None and self._misfit is None:
            log.error("not ready: the database is not as it has to be", reason=found)
        elif found is None and self._misfit is not None:
            log.info("ready again: the database is as it has to be")
        self._misfit = found
