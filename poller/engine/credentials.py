"""A credential that ends is told before the source goes blind: once, with the hour, and once when there is a newer one."""

from collections.abc import Callable
from typing import Final

import structlog

from poller.core.notices import source_expiring, source_renewed
from poller.core.timestamps import rfc3339
from poller.core.validity import Ending, Validity
from poller.engine.ports import Clock, Ledger
from poller.engine.verdict import Rules

LOOK_EVERY: Final = 1.0  # seconds between two looks, which cost nothing while nothing changes

log = structlog.get_logger(__name__)


class CredentialWatch:
    """Minds the credential of one source. `validity` is how long it lasts, None while nothing is known.

    What was told is kept, so a restart tells nothing twice; of several daemons the first to find out tells it for all.
    """

    def __init__(
        self,
        source: str,
        validity: Callable[[], Validity | None],
        *,
        ledger: Ledger,
        clock: Clock,
        rules: Rules,
        told: Callable[[], None],
    ) -> None:
        self._source = source
        self._validity = validity
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._told = told
        self._loaded = False
        self._ending: Ending | None = None

    async def round(self) -> float:
        """Tell what has changed; returns in how many seconds to look again."""
        found = self._validity()
        if found is None:
            return LOOK_EVERY
        if not self._loaded:
            self._ending, self._loaded = await self._ledger.ending(self._source), True
        if isinstance(found, Ending) and self._ending is None:
            await self._expiring(found)
        elif not isinstance(found, Ending) and self._ending is not None:
            await self._renewed(self._ending)
        return LOOK_EVERY

    async def _expiring(self, ending: Ending) -> None:
        event = source_expiring(self._source, ending, now=self._clock.now())
        if await self._ledger.announce_ending(self._rules.tell(event), source=self._source, ending=ending):
            log.warning("credentials end", source=self._source, at=rfc3339(ending.at), reason=ending.reason)
            self._told()
        self._ending = ending

    async def _renewed(self, before: Ending) -> None:
        event = source_renewed(self._source, before, now=self._clock.now())
        if await self._ledger.announce_ending(self._rules.tell(event), source=self._source, ending=None):
            log.info("credentials last again", source=self._source)
            self._told()
        self._ending = None
