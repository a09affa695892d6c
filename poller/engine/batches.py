"""Tells of batches whose jobs have all ended (`core.batch`)."""

from collections.abc import Callable
from typing import Final

import structlog

from poller.core.batch import Batch, Progress, noticed
from poller.core.notices import batch_done
from poller.engine.caring import Batches
from poller.engine.ports import Clock
from poller.engine.verdict import Rules

LOOK_EVERY: Final = 2.0  # seconds between two looks ...
SHARE: Final = 50  # ... or this many times as long as a look took ...
LOOK_CAP: Final = 10.0  # ... up to this: one slow look, such as while the daemon starts, is no reason to miss a batch

log = structlog.get_logger(__name__)


class BatchWatch:
    """Looks at the batches of one source."""

    def __init__(self, source: str, batches: Batches, clock: Clock, rules: Rules, told: Callable[[], None]) -> None:
        self._source = source
        self._batches = batches
        self._clock = clock
        self._rules = rules
        self._told = told

    async def round(self) -> float:
        """Tell of every batch that is done since the last look; returns in how many seconds the next look is due."""
        began = self._clock.monotonic()
        told = 0
        for progress, before in await self._batches.look(self._source):
            after, is_news = noticed(before, progress, self._clock.now())
            if after != before:
                told += await self._notice(progress, before, after, is_news)
        if told:
            self._told()
        return min(max(LOOK_EVERY, SHARE * (self._clock.monotonic() - began)), LOOK_CAP)

    async def _notice(self, progress: Progress, before: Batch | None, after: Batch, is_news: bool) -> bool:
        """Whether it was told."""
        event = batch_done(progress, after.completions, now=self._clock.now()) if is_news else None
        told = None if event is None else self._rules.tell(event)
        if not await self._batches.notice(progress, before, after, told) or event is None:
            return False
        log.info("batch is done", source=self._source, jobs=progress.jobs, event_id=event.id)
        return True
