"""List pages -> whose state moved, who is new, who is gone. A page tells 100 states at the price of one request."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import anyio
import structlog

from poller.core.plan import DISCOVER_EVERY, PAGE, Plan, pages_of
from poller.core.reading import Denied, Failed, Listed, Listing, ListQuery, Page, Refused
from poller.core.work import Met
from poller.engine.contradictions import Contradictions
from poller.engine.discovery import Discovery
from poller.engine.governor import PLAN_EVERY, Governor
from poller.engine.ports import Chores, Clock, Ledger, Pacing, Roll, Source
from poller.engine.verdict import Rules, first_glance
from poller.engine.watch import Watch

MEASURE_EVERY: Final = (
    600.0  # seconds between two looks at the length of the list while states are read by detail calls
)
AWAY_PAUSE: Final = 1.0  # seconds until one that may not ask looks whether it may
PAGE_PATIENCE: Final = 60.0  # seconds that a page waits for its turn
RETRY_FLOOR: Final = 1.0  # seconds before a page that failed is asked for again, doubling ...
RETRY_CAP: Final = 60.0  # ... up to this
CREATED_MARGIN: Final = (
    60.0  # seconds: whether the upstream counts the very instant in, and how it rounds, is not documented
)
MOST_PAGES: Final = 20_000  # of one sweep: an upstream whose list never ends does not hold us for ever

log = structlog.get_logger(__name__)


class Sweeper:
    """Sweeps the list of one source, `page` jobs a request. `moved` is called when jobs were put first in the poller's queue."""

    def __init__(
        self,
        *,
        source: Source,
        ledger: Ledger,
        roll: Roll,
        clock: Clock,
        rules: Rules,
        pace: Pacing,
        watch: Watch,
        governor: Governor,
        discovery: Discovery | None,
        chores: Chores,
        moved: Callable[[], None],
        page: int = PAGE,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._roll = roll
        self._clock = clock
        self._rules = rules
        self._pace = pace
        self._watch = watch
        self._governor = governor
        self._discovery = discovery
        self._chores = chores
        self._chore = f"sweep {source.name}"
        self._moved = moved
        self._page_size = page
        self._states: tuple[str, ...] = ()
        self._contradictions = Contradictions()
        self._measured_at: float | None = None
        self._swept_at: float | None = None

    async def round(self) -> float:
        """Do what is due: measure the list, sweep it, or nothing; returns in how many seconds to come again.

        One daemon sweeps for all; the others only plan, with the length of the list that it found.
        """
        if not self._pace.share:  # the chore is for one that may ask
            return AWAY_PAUSE
        if self._watch.is_open or not self._source.can_list:
            await self._governor.decide()
            return PLAN_EVERY
        if not await self._chores.take(self._chore):
            self._governor.listed, self._swept_at = await self._chores.noted(self._chore), None
            await self._governor.decide()
            return PLAN_EVERY
        if self._governor.listed is None or self._is_due(self._measured_at, MEASURE_EVERY):
            await self._measure()
        made = await self._governor.decide()
        every = self._sweep_every(made)
        if every is None or not self._is_due(self._swept_at, every):
            return min(PLAN_EVERY, every or PLAN_EVERY)
        # The first sweep, and one that only looks for new jobs, goes as fast as the budget lets it beside the polls.
        spread = 0.0 if self._swept_at is None or made.sweep_every is None else every
        self._swept_at = self._clock.monotonic()
        await self.sweep(spread)
        return max(0.0, self._swept_at + every - self._clock.monotonic())

    async def sweep(self, seconds: float = 0.0) -> None:
        """Read the whole list once, spread over `seconds`."""
        began, first = self._clock.monotonic(), await self._query()
        seen: set[str] = set()
        size = self._page_size
        for number in range(MOST_PAGES):
            page = await self._page(replace(first, offset=number * size, states=self._states))
            if page is None:
                return
            self._governor.listed = page.total
            if not await self._chores.take(self._chore):  # it was somebody else's turn before this page had come
                return
            seen.update(job.job_id for job in page.jobs)
            await self._compare(page.jobs)
            if not page.full:
                break
            share = (number + 1) * size / max(page.total, size * (number + 2))
            await anyio.sleep(max(0.0, began + seconds * share - self._clock.monotonic()))
        await self._chores.note(self._chore, self._governor.listed)
        await self._confirm_unseen(seen)

    def _sweep_every(self, made: Plan) -> float | None:
        if made.sweep_every is not None:
            return made.sweep_every
        return DISCOVER_EVERY if self._discovery is not None else None

    def _is_due(self, last: float | None, every: float) -> bool:
        return last is None or self._clock.monotonic() >= last + every

    async def _measure(self) -> None:
        """How long the list is; and whether it is shorter without the jobs that are done.

        A job that gets done leaves such a list, and is then asked about like any that left the pages.
        """
        query = replace(await self._query(), limit=1)
        page = await self._page(query)
        self._measured_at = self._clock.monotonic()
        self._governor.listed, self._states = (None if page is None else page.total), ()
        if page is None or self._discovery is not None or not self._source.living_states:
            return
        living = await self._page(replace(query, states=self._source.living_states))
        if living is not None and pages_of(living.total) < pages_of(page.total):
            self._governor.listed, self._states = living.total, self._source.living_states
        await self._chores.note(self._chore, self._governor.listed)

    async def _query(self) -> ListQuery:
        """The first page. No job created before `create_since` is wanted: it shrinks the list without losing a watched job."""
        oldest = await self._roll.oldest(self._source.name)
        since = None if oldest is None else oldest - CREATED_MARGIN
        if self._discovery is not None:
            within = self._discovery.created_within
            since = None if within is None or since is None else min(since, self._clock.now() - within)
        return ListQuery(offset=0, limit=self._page_size, create_since=since)

    async def _page(self, query: ListQuery) -> Page | None:
        """One page, asked for until it comes: a page that fails does not restart the sweep. None when there is no use in it."""
        wait = RETRY_FLOOR
        while True:
            listing = await self._ask(query)
            match listing:
                case Page():
                    return listing
                case Refused(reason=reason):
                    log.warning("the list of jobs is refused", source=self._source.name, reason=reason)
                    return None
                case Denied():
                    return None
                case Failed(after=after):
                    await anyio.sleep(max(wait, after or 0.0))
                    wait = min(wait * 2, RETRY_CAP)

    async def _ask(self, query: ListQuery) -> Listing:
        if not await self._pace.turn(PAGE_PATIENCE):
            return Failed(kind="throttled", reason="the budget is used up for now")
        listing = await self._source.list(query)
        if isinstance(listing, Failed) and listing.kind == "throttled":
            await self._pace.slow_down(listing.after)
        elif isinstance(listing, Failed) and listing.after:
            await self._pace.hold(listing.after)
        await self._watch.observe_page(listing, self._clock.now())
        return listing

    async def _compare(self, jobs: tuple[Listed, ...]) -> None:
        met = await self._roll.met(self._source.name, [job.job_id for job in jobs])
        met = {**met, **await self._discover([job for job in jobs if _is_free(met.get(job.job_id))])}
        moved = [one.key for job in jobs if (one := met.get(job.job_id)) is not None and self._has_moved(job, one)]
        new = [(one, job) for job in jobs if (one := met.get(job.job_id)) is not None and _is_new(job, one)]
        if new:
            now = self._clock.now()
            await self._ledger.record([first_glance(one, job, self._rules, now=now) for one, job in new])
        if moved:
            self._governor.hurried(len(moved))
            await self._hurry(moved)

    def _has_moved(self, job: Listed, met: Met) -> bool:
        if not met.watching or met.state is None or job.snapshot.state is None:
            return False
        if job.snapshot.state == met.state:
            self._contradictions.agreed(met.key)
            return False
        return self._contradictions.is_news(met.key, job.snapshot.state)

    async def _discover(self, jobs: list[Listed]) -> dict[str, Met]:
        now = self._clock.now()
        wanted = [job.job_id for job in jobs if self._discovery is not None and self._discovery.wants(job, now)]
        if not wanted:
            return {}
        new = await self._roll.discover(self._source.name, wanted, now=now)
        if new:
            log.info("new jobs of the upstream are watched", source=self._source.name, jobs=new)
            self._moved()
        return dict(await self._roll.met(self._source.name, wanted))

    async def _confirm_unseen(self, seen: set[str]) -> None:
        """A job that left the pages may be gone, or was pushed between two of them: a detail call will tell."""
        watched = await self._roll.watched(self._source.name)
        await self._hurry(
            [key for job_id, key in watched.items() if job_id not in seen and self._contradictions.is_news(key, "")]
        )

    async def _hurry(self, keys: list[int]) -> None:
        if keys:
            await self._roll.hurry(keys, now=self._clock.now())
            self._moved()


def _is_free(met: Met | None) -> bool:
    return met is None or (not met.watching and not met.removed)


def _is_new(job: Listed, met: Met) -> bool:
    return met.watching and met.state is None and not met.looked_at and job.snapshot.state is not None
