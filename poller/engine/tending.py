"""Goes on telling of jobs that wait for somebody, until someone acts (`core.tending`)."""

from collections.abc import Callable, Collection
from typing import Final

import structlog

from poller.core import diff as diffs
from poller.core.addressing import addressed_to
from poller.core.care import plan_of
from poller.core.event import Event
from poller.core.job import Known, Subject
from poller.core.route import Route, matches, recipients
from poller.core.tending import Tending, due_step, is_needed, stepped
from poller.core.work import Acknowledgement, Change, Tended, TendedJob, Told, WatchedJob
from poller.engine.caring import Care
from poller.engine.ports import Clock, Ledger
from poller.engine.verdict import Rules
from poller.errors import NotFound, StoreError

LOOK_EVERY: Final = 10.0  # seconds between two looks, or a tenth of the shortest time of the routes
BITE: Final = 200  # jobs of a route in one round
TRIES: Final = 5  # of an acknowledgement that meets a poll of the same job

log = structlog.get_logger(__name__)


class Tender:
    """Looks after the jobs of one source."""

    def __init__(
        self, source: str, ledger: Ledger, care: Care, clock: Clock, rules: Rules, told: Callable[[], None]
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._care = care
        self._clock = clock
        self._rules = rules
        self._told = told

    @property
    def every(self) -> float | None:
        """Seconds between two looks; None when no route goes on telling."""
        shortest = [plan_of(route).shortest for route in self._rules.tended.values()]
        return min(LOOK_EVERY, min(shortest) / 10) if shortest else None

    async def adopt(self) -> int:
        """Begin with the jobs that waited before there was the route, or this key of it; from now on. Returns how many."""
        adopted = 0
        for name, route in self._rules.tended.items():
            after = 0
            while found := await self._care.untended(self._source, name, after=after, limit=BITE):
                waiting = [key for key, state, kind, event in found if _is_for(route, state, kind, event)]
                steps = [(key, self._opening(name)) for key in waiting]
                await self._care.open(steps)
                adopted, after = adopted + len(steps), found[-1][0]
        return adopted

    async def round(self) -> int:
        """Take every step that is due, at most `BITE` of each route; returns how many were told."""
        now, told = self._clock.now(), 0
        for name, route in self._rules.tended.items():
            found = await self._care.due(self._source, name, plan_of(route), now=now, limit=BITE)
            over = [one for one in found if not _is_waiting(one.job, route)]
            await self._care.close([(one.job.key, Tended(route=name, tending=None, at=now)) for one in over])
            for one in found:
                told += one not in over and await self._step(one, route, now)
        if told:
            self._told()
        return told

    async def acknowledge(self, job_id: str, author: str, comment: str | None) -> None:
        """Somebody takes care of the job: nobody is reminded any more while it stays in its state. Raises NotFound."""
        for _ in range(TRIES):
            job = await self._care.job(self._source, job_id)
            known = (await self._ledger.known([job.key])).get(job.key)
            if known is None or known.snapshot is None:
                raise NotFound(
                    f"job {job_id} of source {self._source} has not been seen yet: there is nothing to acknowledge"
                )
            if await self._acknowledge(job, known, author, comment):
                self._told()
                return
        raise StoreError(f"job {job_id} of source {self._source} changes all the time; try again")

    async def _acknowledge(self, job: WatchedJob, known: Known, author: str, comment: str | None) -> bool:
        now = self._clock.now()
        change = diffs.taken_up(known, self._subject(job), author, comment, now=now)
        written = Change(
            known=change.known,
            state_class=job.state_class,
            delta={},
            told=tuple([await self._told_to_all(job, event) for event in change.events]),
            acknowledged=Acknowledgement(author=author, comment=comment, at=now),
        )
        recorded = await self._ledger.remark(job.key, job.revision, written)
        if recorded:
            log.info("job is acknowledged", source=job.source, job_id=job.job_id)
        return recorded

    async def _told_to_all(self, job: WatchedJob, event: Event) -> Told:
        """Those whom the routes name, and those who were reminded."""
        reminded = {
            name
            for route, escalated in await self._care.tending(job.key)
            if route in self._rules.tended
            for name in _names(self._rules.tended[route], escalated)
        }
        named = recipients(event, self._rules.routes, self._rules.notifiers)
        told = tuple(name for name in self._rules.notifiers if name in named or name in reminded)
        return Told(event=event, notifiers=told)

    async def _step(self, one: TendedJob, route: Route, now: float) -> bool:
        step = due_step(one.tending, plan_of(route), now)
        known = (await self._ledger.known([one.job.key])).get(one.job.key)
        if step is None or known is None or known.snapshot is None:
            return False
        after = stepped(one.tending, step, now)
        change = diffs.tended(known, self._subject(one.job), step, after, now=now)
        names = _names(route, after.escalated_at is not None)
        written = Change(
            known=change.known,
            state_class=one.job.state_class,
            delta={},
            told=tuple(addressed_to(event, route, names, self._rules.notifiers) for event in change.events),
            tended=(Tended(route=one.route, tending=after, at=now),),
        )
        recorded = await self._ledger.remark(one.job.key, one.job.revision, written)
        if recorded:
            log.info("nobody has acted", step=step, source=one.job.source, job_id=one.job.job_id, state=one.job.state)
        return recorded

    def _subject(self, job: WatchedJob) -> Subject:
        return Subject(source=job.source, job_id=job.job_id, labels=job.labels, classify=self._rules.classify)

    def _opening(self, name: str) -> Tended:
        now = self._clock.now()
        return Tended(route=name, tending=Tending(opened_at=now, told_at=now), at=now, new=True)


def _is_waiting(job: WatchedJob, route: Route) -> bool:
    return job.present and is_needed(plan_of(route), job.state, job.state_class)


def _is_for(route: Route, state: str | None, state_class: str, event: Event) -> bool:
    return is_needed(plan_of(route), state, state_class) and matches(event, route)


def _names(route: Route, escalated: bool) -> Collection[str]:
    return {*route.notify, *(plan_of(route).escalate_to if escalated else ())}
