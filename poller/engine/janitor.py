"""Removes what is older than the configuration keeps, a bounded bite at a time."""

from collections.abc import Mapping
from typing import Final

import structlog

from poller.engine.ports import Clock, Retention
from poller.errors import StoreError

BITE: Final = 1000  # rows of each kind in one transaction, so that nobody waits long for the database
MOST_BITES: Final = 100  # in one round; what is left is for the next

log = structlog.get_logger(__name__)


class Janitor:
    """`retain` is in seconds, by ``events``, ``snapshots`` and ``deliveries``."""

    def __init__(self, retention: Retention, clock: Clock, retain: Mapping[str, float]) -> None:
        self._retention = retention
        self._clock = clock
        self._retain = retain

    async def round(self) -> int:
        """Delete what has outlived its time; returns how many rows. A database that is full or away is left for the next round."""
        removed = 0
        try:
            for _ in range(MOST_BITES):
                bite = await self._retention.prune(now=self._clock.now(), limit=BITE, **self._retain)
                removed += bite
                if not bite:
                    break
            await self._retention.idle()
        except StoreError as error:
            log.warning("old rows could not be removed; trying again later", reason=str(error))
        if removed:
            log.info("old rows removed", rows=removed)
        return removed
