"""What a notifier that fails has not even tried is owed to its fallback as well, once the attempts would have been made."""

from collections.abc import Sequence
from typing import Final

from poller.core.work import Fallback
from poller.engine.owing import Outbox
from poller.engine.ports import Clock

LOOK_EVERY: Final = 10.0  # seconds between two looks while a notifier fails
BITE: Final = 500  # deliveries handed over in one look


class HandingOver:
    """For one notifier; without a fallback there is nothing to do.

    A delivery whose attempts failed is handed over with the attempt (`Outbox.settle`). While the notifier rests, most are not
    tried: they are handed over when they are as old as the attempts take that the fallback waits for.
    """

    def __init__(
        self, notifier: str, outbox: Outbox, clock: Clock, waits: Sequence[float], fallback: Fallback | None
    ) -> None:
        self._notifier = notifier
        self._outbox = outbox
        self._clock = clock
        self._fallback = fallback
        self._patience = 0.0 if fallback is None else sum(waits[: fallback.after - 1])
        self._next_look = 0.0
        self._after = 0

    async def round(self) -> int:
        """Hand over at most `BITE` deliveries; returns how many were looked at."""
        now = self._clock.now()
        if self._fallback is None or now < self._next_look:
            return 0
        before = now - self._patience
        seen = await self._outbox.hand_over(
            self._notifier, self._fallback, before=before, after=self._after, limit=BITE
        )
        self._after = max(seen, default=self._after)
        self._next_look = now + (LOOK_EVERY if len(seen) < BITE else 0.0)
        return len(seen)
