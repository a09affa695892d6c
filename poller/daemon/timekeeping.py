"""After the clock was set back: what is due is planned anew, so that nothing waits for a time that has already been."""

from collections.abc import Callable
from typing import Final, Protocol

import anyio
import structlog

from poller.engine.ports import Clock
from poller.errors import StoreError

GLANCE: Final = 1.0  # seconds between two looks at the clock
NOTABLE: Final = 5.0  # seconds that it has to go back by to be looked after

log = structlog.get_logger(__name__)


class Timetable(Protocol):
    """When rows are due; that of the store fits by shape."""

    async def mend(self, *, now: float, set_back: float) -> float:
        """Plan anew if rows were planned by a clock that was ahead; returns how far it was (seconds), 0 for nothing to mend.

        `set_back` is how far it was seen to go back (seconds), 0 when that is not known.
        """
        ...


class Timekeeper:
    """Compares the wall's clock with the one that never jumps. `look` is called when something may be due that was not before.

    A clock that goes forward needs no help: more is due, and is asked for and delivered within the usual rates.
    """

    def __init__(self, clock: Clock, timetable: Timetable, look: Callable[[], None]) -> None:
        self._clock = clock
        self._timetable = timetable
        self._look = look
        self._offset = clock.now() - clock.monotonic()
        # Seconds that the clock went back by, None for nothing to mend; the last life of the daemon may have had one that was ahead.
        self._set_back: float | None = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.round()
            await anyio.sleep(GLANCE)

    async def round(self) -> None:
        """Look at the clock. A database that is full or away is tried again in the next round."""
        offset = self._clock.now() - self._clock.monotonic()
        back, self._offset = self._offset - offset, offset
        if back > NOTABLE:
            self._set_back = (self._set_back or 0.0) + back
        if self._set_back is None:
            return
        try:
            ahead = await self._timetable.mend(now=self._clock.now(), set_back=self._set_back)
        except StoreError:  # whose pollers and dispatchers say so
            return
        self._set_back = None
        if ahead:
            log.warning("the clock was set back: what is due is planned anew", seconds=round(ahead))
            self._look()
