"""Running one configuration and ending it in order: pollers first, then dispatchers, then what they stand on."""

from collections.abc import Iterator
from typing import Final

import anyio

from poller.daemon.assembly import Parts
from poller.engine.shift import Shift

# Seconds for what is in hand when the daemon stops or reloads: of the 10 that INTERFACE.md section 8 allows, the last is for
# giving back what was not finished and for closing.
GRACE: Final = 9.0
# A new configuration waits no longer than this for upstreams and receivers that hang. What is cut short is done again: a poll is
# asked anew, an attempt to deliver is made again with the same id and body.
RELOAD_GRACE: Final = 2.0


class Generation:
    """The parts of one configuration, from start to end. A reload ends one generation and begins the next."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._over = anyio.Event()
        self._scope = anyio.CancelScope()

    def end(self, grace: float = GRACE) -> None:
        """Claim nothing more; `run` returns when what is in hand is done, at the latest after `grace` seconds."""
        self._over.set()
        self._scope.deadline = min(self._scope.deadline, anyio.current_time() + grace)

    async def run(self) -> None:
        """Poll and deliver until ended. Events of the last polls still find the dispatchers at work."""
        with self._scope:
            async with anyio.create_task_group() as consumers:
                for dispatcher in self.parts.dispatchers.values():
                    consumers.start_soon(dispatcher.run)
                async with anyio.create_task_group() as producers:
                    for tenant in self.parts.tenants.values():
                        producers.start_soon(tenant.run)
                    await self._over.wait()
                    for tenant in self.parts.tenants.values():
                        tenant.shift.close()
                for dispatcher in self.parts.dispatchers.values():
                    dispatcher.shift.close()

    def stalled(self, now: float, limit: float) -> str | None:
        """The name of a loop that has not come round for `limit` seconds of the clock that never jumps; None when all make progress."""
        return next((shift.name for shift in self._shifts() if now - shift.turned_at > limit), None)

    def stuck(self, now: float, limit: float) -> str | None:
        """The name of a loop that has not even tried for `limit` seconds: a database that is away stalls loops, but sticks none."""
        return next((shift.name for shift in self._shifts() if now - shift.tried_at > limit), None)

    def trouble(self) -> str | None:
        """Why the database does not take part, as the first loop has it that waits for it; None while it does."""
        return next((shift.trouble for shift in self._shifts() if shift.trouble is not None), None)

    def _shifts(self) -> Iterator[Shift]:
        yield from (tenant.shift for tenant in self.parts.tenants.values())
        yield from (dispatcher.shift for dispatcher in self.parts.dispatchers.values())
