"""Something that wakes a loop. A ring is a hint to look at the rows, never the message itself."""

import anyio


class Bell:
    """Remembers one ring until somebody has waited for it; further rings meanwhile are the same ring."""

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or the next who will."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, or after `seconds`."""
        with anyio.move_on_after(max(0.0, seconds)):
            await self._rung.wait()
        self._rung = anyio.Event()
