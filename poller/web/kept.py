"""A look at the database that is kept for some seconds, so that whoever asks often costs little."""

import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import anyio

from poller.errors import StoreError

KEEP: Final = 10.0  # seconds that a look is good for; Prometheus asks every 15 s or more, an open page every 10 s
PATIENCE: Final = 1.0  # seconds that others wait for a look that is being taken; then they get the one before

T = TypeVar("T")


class Kept(Generic[T]):
    """The last look. Only one is taken at a time: a slow database is asked once, however many wait."""

    def __init__(
        self, look: Callable[[], Awaitable[T]], *, keep: float = KEEP, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._keep = keep
        self._monotonic = monotonic
        self._last: T | None = None
        self._taken_at: float | None = None
        self._taking: anyio.Event | None = None
        self.trouble: str | None = None

    @property
    def age(self) -> float | None:
        """Seconds since the last look that succeeded; None before the first."""
        return None if self._taken_at is None else self._monotonic() - self._taken_at

    async def fresh(self) -> T | None:
        """The last look, a new one if it is too old and the database takes part. None: there is none yet."""
        if self._taking is not None:
            with anyio.move_on_after(PATIENCE):
                await self._taking.wait()
        elif self.age is None or self.age > self._keep or self.trouble is not None:
            await self._take()
        return self._last

    async def _take(self) -> None:
        taking = self._taking = anyio.Event()
        try:
            self._last = await self._look()
            self._taken_at, self.trouble = self._monotonic(), None
        except StoreError as error:
            self.trouble = str(error)
        finally:
            self._taking = None
            taking.set()
