"""APScheduler as a metronome: its jobs only ring. What is due is a column, so a late tick skips nothing."""

from collections.abc import Callable
from datetime import UTC
from types import TracebackType
from typing import Self

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Ticker:
    """Calls each registered function at its interval while the context is open. The functions return at once."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def every(self, seconds: float, ring: Callable[[], None]) -> None:
        """Call `ring` each `seconds`; ticks that were missed together are one tick."""

        async def tick() -> None:  # async: a plain function would be run in a thread
            ring()

        self._scheduler.add_job(
            tick, "interval", seconds=seconds, misfire_grace_time=None, coalesce=True, max_instances=1
        )

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.shutdown(wait=False)
