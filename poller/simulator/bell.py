"""Waiting for something to have happened, with a deadline instead of naps."""

from collections.abc import Callable

import anyio


class Bell:
    """Rung after every event; who waits looks again each time."""

    def __init__(self) -> None:
        self._rung: anyio.Event | None = None  # of those who wait; most of the time nobody does

    def ring(self) -> None:
        """Something happened."""
        if self._rung is not None:
            self._rung.set()
            self._rung = None

    async def until(self, condition: Callable[[], bool], within: float) -> None:
        """Returns once `condition` holds; raises TimeoutError after `within` seconds."""
        with anyio.fail_after(within):
            while not condition():
                if self._rung is None:
                    self._rung = anyio.Event()
                await self._rung.wait()
