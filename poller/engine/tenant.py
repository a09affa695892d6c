"""All that works on one source: the poller, the sweeper, what they learn, and what is told without a poll."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import structlog

from poller.engine.batches import BatchWatch
from poller.engine.credentials import CredentialWatch
from poller.engine.governor import Governor
from poller.engine.learner import Learner
from poller.engine.poller import Poller
from poller.engine.shift import Shift
from poller.engine.stuck import StuckWatch
from poller.engine.sweeper import Sweeper
from poller.engine.tending import Tender
from poller.errors import StoreError

SAVE_EVERY: Final = 30.0  # seconds between two savings of what was learned
STORE_PAUSE: Final = 5.0  # seconds before a chore tries again to use a database that is full or away

log = structlog.get_logger(__name__)


class Tenant:
    """A source at work. Polling decides when it ends; the chores around it hold nothing and are cancelled then."""

    def __init__(
        self,
        *,
        poller: Poller,
        sweeper: Sweeper,
        governor: Governor,
        learner: Learner,
        stuck: StuckWatch,
        tender: Tender,
        credentials: CredentialWatch,
        batches: BatchWatch,
    ) -> None:
        self.poller = poller
        self.sweeper = sweeper
        self.governor = governor
        self._learner = learner
        self._stuck = stuck
        self.tender = tender
        self._adopted = False
        self._credentials = credentials
        self._batches = batches

    @property
    def shift(self) -> Shift:
        """The loop whose progress counts."""
        return self.poller.shift

    def look(self) -> None:
        """Something may be due that was not before."""
        self.poller.look()

    def unpaid(self) -> None:
        """A request was sent that no turn stands for: it counts as well."""
        self.poller.charge(1)

    async def run(self) -> None:
        """Work until closed."""
        async with anyio.create_task_group() as chores:
            chores.start_soon(_chore, self._sweep)
            chores.start_soon(_chore, self._save)
            if self._stuck.every is not None:
                chores.start_soon(_chore, self._look_for_stuck)
            if self.tender.every is not None:
                chores.start_soon(_chore, self._tend)
            chores.start_soon(_chore, self._credentials.round)
            chores.start_soon(_chore, self._batches.round)
            await self.poller.run()
            chores.cancel_scope.cancel()

    async def _sweep(self) -> float:
        if self.shift.trouble is not None:  # what a page says could not be recorded
            return STORE_PAUSE
        await self._learner.load()
        return await self.sweeper.round()

    async def _save(self) -> float:
        await self._learner.save()
        return SAVE_EVERY

    async def _look_for_stuck(self) -> float:
        await self._stuck.round()
        return self._stuck.every or SAVE_EVERY

    async def _tend(self) -> float:
        if not self._adopted:
            await self.tender.adopt()
            self._adopted = True
        await self.tender.round()
        return self.tender.every or SAVE_EVERY


async def _chore(turn: Callable[[], Awaitable[float]]) -> None:
    """Rounds, each returning in how many seconds the next is due."""
    while True:
        try:
            seconds = await turn()
        except StoreError as error:
            log.warning("a chore waits for the database", reason=str(error))
            seconds = STORE_PAUSE
        await anyio.sleep(max(0.01, seconds))
