"""Tells of jobs that are longer in a state than `stuck_after` says, once per stay."""

from collections.abc import Callable
from typing import Final

import structlog

from poller.core import diff as diffs
from poller.core.job import Subject
from poller.core.stay import stay_of
from poller.core.work import Change, StuckJob
from poller.engine.ports import Chores, Clock, Ledger, Roll
from poller.engine.verdict import Rules

LOOK_EVERY: Final = 10.0  # seconds between two looks, or a tenth of the shortest limit
BITE: Final = 200  # jobs told of in one round

log = structlog.get_logger(__name__)


class StuckWatch:
    """Looks for stuck jobs of one source."""

    def __init__(
        self,
        source: str,
        *,
        ledger: Ledger,
        roll: Roll,
        chores: Chores,
        clock: Clock,
        rules: Rules,
        told: Callable[[], None],
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._roll = roll
        self._chores = chores
        self._clock = clock
        self._rules = rules
        self._told = told

    @property
    def every(self) -> float | None:
        """Seconds between two looks; None when nothing counts as stuck."""
        limits = self._rules.stuck_after
        return min(LOOK_EVERY, min(limits.values()) / 10) if limits else None

    async def round(self) -> int:
        """Tell of at most `BITE` jobs; returns of how many. One daemon looks for all."""
        if not await self._chores.take(f"stuck {self._source}"):
            return 0
        now = self._clock.now()
        found = await self._roll.stuck(self._source, self._rules.stuck_after, now=now, limit=BITE)
        told = 0
        for job in found:
            told += await self._tell(job, now)
        if told:
            self._told()
        return told

    async def _tell(self, job: StuckJob, now: float) -> bool:
        known = (await self._ledger.known([job.key])).get(job.key)
        if known is None or known.snapshot is None:
            return False
        earlier = await self._roll.usual_stays(self._source, job.state)
        stay = stay_of(job.state, now - job.state_since, limit=job.limit, earlier=earlier)
        subject = Subject(source=job.source, job_id=job.job_id, labels=job.labels, classify=self._rules.classify)
        change = diffs.stuck(known, subject, stay, now=now)
        written = Change(
            known=change.known,
            state_class=self._rules.classify(job.state),
            delta={},
            told=tuple(self._rules.tell(event) for event in change.events),
            stuck=True,
        )
        recorded = await self._ledger.remark(job.key, job.revision, written)
        if recorded:
            log.info("job is stuck", source=job.source, job_id=job.job_id, state=job.state, seconds=round(stay.seconds))
        return recorded
