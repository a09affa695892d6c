"""What was fetched -> what is known, told and due: the half of polling that writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog

from poller.core.event import Event
from poller.core.reading import Reading, Same, Seen
from poller.core.work import Due, Poll
from poller.engine.governor import Governor
from poller.engine.learner import Learner
from poller.engine.ports import Ledger, Pacing
from poller.engine.verdict import Outlook, Rules, conclude, needs_known
from poller.engine.watch import Watch

_ANSWERS: Final = (Same, Seen)

log = structlog.get_logger(__name__)


class Fetched(NamedTuple):
    """One poll that ended; `reading` is None when the job was not asked about and goes back to the rows. A tuple: one is made per poll."""

    due: Due
    reading: Reading | None
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorder:
    """Records the polls of one source. `told` is called after a transaction that owes deliveries."""

    source: str
    ledger: Ledger
    rules: Rules
    pace: Pacing
    watch: Watch
    governor: Governor
    learner: Learner
    dice: Callable[[], float]
    told: Callable[[], None]

    async def record(self, fetched: Sequence[Fetched]) -> float | None:
        """One transaction for all; returns when the first of them is due again."""
        await self.release([one.due for one in fetched if one.reading is None])
        read = [(one, one.reading) for one in fetched if one.reading is not None]
        if not read:
            return None
        known = await self.ledger.known([one.due.key for one, reading in read if needs_known(one.due, reading)])
        outlook = Outlook(rate=self.learner.rate, threshold=self.governor.threshold, began=self.learner.began)
        polls = [
            conclude(one.due, reading, known.get(one.due.key), self.rules, outlook, now=one.at, spread=self.dice())
            for one, reading in read
        ]
        # The health of the source first, so that "recovered" is told before what the recovered source has to say.
        await self.watch.observe_jobs([(one.due.key, reading, one.at) for one, reading in read])
        refused = set(await self.ledger.record(polls))
        if refused:
            await self.ledger.release(list(refused))
        self.pace.charge(sum([reading.calls - 1 for _, reading in read if isinstance(reading, _ANSWERS)]))
        self.learner.observe(
            [(one.due, poll) for (one, _), poll in zip(read, polls, strict=True) if poll.key not in refused]
        )
        self._report(polls, refused)
        return min([poll.due_at for poll in polls if poll.due_at is not None], default=None)

    async def release(self, due: Sequence[Due]) -> None:
        """Give jobs back unpolled."""
        if due:
            await self.ledger.release([one.key for one in due])

    def _report(self, polls: Sequence[Poll], refused: set[int]) -> None:
        told = [told for poll in polls if poll.change and poll.key not in refused for told in poll.change.told]
        if told:
            log.info("transition", each=[_told_fields(one.event) for one in told])
        if refused:
            log.info("a job changed while it was polled; it is polled again", source=self.source, jobs=len(refused))
        if any(one.notifiers for one in told):
            self.told()


def _told_fields(event: Event) -> dict[str, object]:
    return {
        "source": event.source,
        "job_id": event.job_id,
        "transition": event.transition,
        "event_id": event.id,
    }
