"""The loop that poller and dispatcher share: put away what is done, claim what is due, rest until there is something to do."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import anyio
import structlog

from poller.engine.bell import Bell
from poller.engine.ports import Clock
from poller.engine.seats import Seats
from poller.errors import StoreError

PACE: Final = 0.05  # seconds between rounds while the seats work: what ends meanwhile shares one transaction
PACE_CAP: Final = 0.25  # seconds; a slow database makes the pauses longer, up to this
WORK_PER_ROUND: Final = (
    9  # times as long as a round took, the seats have for themselves: rounds take a tenth of all time
)
IDLE: Final = 1.0  # seconds: the longest rest, so that work that nobody rang for is found
GIVE_BACK: Final = 0.5  # seconds for the last round of a shift that was cancelled
STORE_PAUSE_CAP: Final = 5.0  # seconds between attempts to use a database that is full or away
# No row has this key: to give it back changes nothing, and shows that the database takes part. A round with nothing to do shows nothing.
NO_ROW: Final = (0,)

log = structlog.get_logger(__name__)


class Shift:
    """Runs rounds until told to close; then lets the seats finish what they have begun.

    A round puts away and claims, and returns the instant before which nothing new can be due. Once `closing` it claims nothing
    and gives back what nobody works on.
    A database that is full or away stops the rounds, not the shift: what was fetched or sent is put away when it is back.
    `trouble` is why the database does not take part, None while it does.
    `turned_at` is when a round last succeeded, `tried_at` when one last came to an end, both by the clock that never jumps.
    """

    def __init__(self, name: str, seats: Seats[Any, Any], bell: Bell, clock: Clock) -> None:
        self.name = name
        self._seats = seats
        self._bell = bell
        self._clock = clock
        self._pause = 0.0
        self._took = 0.0
        self.closing = False
        self.trouble: str | None = None
        self.turned_at = self.tried_at = clock.monotonic()

    def close(self) -> None:
        """Claim nothing more; the shift ends when what is in hand is done."""
        self.closing = True
        self._bell.ring()

    async def run(self, turn: Callable[[], Awaitable[float]]) -> None:
        """Rounds and seats, until closed or cancelled. A cancelled shift still gives back what it holds, in one last round."""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._seats.run)
                while not (self.closing and self._seats.claimed == 0):
                    await self._rest(await self._turn(turn))
                group.cancel_scope.cancel()
        finally:
            if self._seats.claimed:
                await self._give_back(turn)

    async def _give_back(self, turn: Callable[[], Awaitable[float]]) -> None:
        """Leases would keep what was in hand from whoever works next. Without a database there is nothing to be done: they run out."""
        self.closing = True
        with anyio.move_on_after(GIVE_BACK, shield=True), suppress(StoreError):
            await turn()

    async def _turn(self, turn: Callable[[], Awaitable[float]]) -> float:
        began = self._clock.monotonic()
        try:
            due_at = await turn()
        except StoreError as error:
            self.tried_at = self._clock.monotonic()
            await self._wait_for_store(str(error))
            return self._clock.now()
        if self._pause:
            log.info("the database takes part again", shift=self.name)
        self._pause, self.trouble = 0.0, None
        self.turned_at = self.tried_at = self._clock.monotonic()
        self._took = self.turned_at - began
        return due_at

    async def _wait_for_store(self, reason: str) -> None:
        if not self._pause:
            log.error("the database does not take part: pausing, nothing is lost", shift=self.name, reason=reason)
        self.trouble = reason
        self._pause = min(max(PACE, self._pause * 2), STORE_PAUSE_CAP)
        await anyio.sleep(self._pause)

    async def _rest(self, due_at: float) -> None:
        if self._seats.claimed:
            await self._bell.wait(min(max(PACE, WORK_PER_ROUND * self._took), PACE_CAP))
        elif not self.closing:
            await self._bell.wait(min(IDLE, due_at - self._clock.now()))
