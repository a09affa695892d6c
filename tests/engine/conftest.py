"""The engine on a real SQLite file."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from poller.core.bundling import Window
from poller.core.event import Event
from poller.core.listing import DeliveryFilter, DeliveryRow, EventFilter, JobRow
from poller.core.plan import PAGE, Sweep
from poller.core.work import Fallback, NotifierHealth, Told
from poller.engine.discovery import Discovery
from poller.engine.dispatcher import Dispatcher
from poller.engine.governor import Governor
from poller.engine.learner import Learner
from poller.engine.pace import Pace
from poller.engine.poller import Poller
from poller.engine.recorder import Recorder
from poller.engine.sweeper import Sweeper
from poller.engine.verdict import Rules
from poller.engine.watch import Watch
from poller.store.chores import SoleChores
from poller.store.store import Store, open_store
from tests.engine.stage import HandClock, ScriptedNotifier, ScriptedSource, rules

DEADLINE = 10.0


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "poller.db") as opened:
        yield opened


class House:
    """One source and one notifier over a store; rounds are called by the test, seats work by themselves."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store = store
        self.clock = clock
        self.source = ScriptedSource()
        self.notifier = ScriptedNotifier()
        self.announced: list[Event] = []

    async def watch(self, *job_ids: str) -> None:
        await self.store.registry.add(self.source.name, job_ids, now=self.clock.now())

    def parts(self, *, rate: float = 100_000.0, with_rules: Rules | None = None, sweep: Sweep = "detail") -> "Parts":
        """What a poller and a sweeper of one source share."""
        return Parts(self, with_rules or rules(), rate=rate, sweep=sweep)

    @asynccontextmanager
    async def poller(
        self,
        *,
        concurrency: int = 4,
        rate: float = 100_000.0,
        with_rules: Rules | None = None,
        parts: "Parts | None" = None,
    ) -> AsyncIterator[Poller]:
        parts = parts or self.parts(rate=rate, with_rules=with_rules)
        poller = parts.poller(concurrency)
        async with anyio.create_task_group() as group:
            group.start_soon(poller.seats.run)
            yield poller
            group.cancel_scope.cancel()

    @asynccontextmanager
    async def dispatcher(
        self,
        *,
        concurrency: int = 4,
        ordered: bool = True,
        waits: tuple[float, ...] = (5.0, 60.0),
        recipients: tuple[str, ...] = ("",),
        window: Window | None = None,
        fallback: Fallback | None = None,
    ) -> AsyncIterator[Dispatcher]:
        async def announce(event: Event, health: NotifierHealth) -> None:
            if await self.store.ledger.announce_notifier(Told(event=event, notifiers=()), event.subject, health):
                self.announced.append(event)

        dispatcher = Dispatcher(
            notifier=self.notifier,
            outbox=self.store.outbox,
            clock=self.clock,
            waits=waits,
            rate=1000.0,
            concurrency=concurrency,
            timeout=1.0,
            ordered=ordered,
            dice=lambda: 0.5,
            announce=announce,
            fallback=fallback,
            recipients=recipients,
            window=window,
        )
        async with anyio.create_task_group() as group:
            group.start_soon(dispatcher.seats.run)
            yield dispatcher
            group.cancel_scope.cancel()

    async def events(self) -> list[Event]:
        """All events, in the order in which they were committed."""
        return [row.event for row in await self.store.archive.events(EventFilter(), after=0, limit=1000)]

    async def transitions(self) -> list[str]:
        return [event.transition for event in await self.events()]

    async def job(self, job_id: str) -> JobRow:
        return (await self.store.archive.job(self.source.name, job_id)).row

    async def owed(self) -> list[DeliveryRow]:
        """All deliveries, oldest first."""
        return sorted(await self.store.archive.deliveries(DeliveryFilter()), key=lambda row: row.id)


class Parts:
    """One source's budget, health, plan and learning, as `daemon.tenancy` puts them together."""

    def __init__(self, house: House, with_rules: Rules, *, rate: float, sweep: Sweep) -> None:
        name, store, clock = house.source.name, house.store, house.clock
        self.house = house
        self.rules = with_rules
        self.pace = Pace(rate, clock)
        self.governor = Governor(name, store.roll, clock, with_rules, self.pace, sweep)
        self.watch = Watch(
            name,
            ledger=store.ledger,
            roll=store.roll,
            clock=clock,
            rules=with_rules,
            jobs=lambda: self.governor.jobs,
            told=self._was_told,
        )
        self.learner = Learner(name, store.roll, clock)
        self.moved = 0
        self.told = 0
        self.recorder = Recorder(
            source=name,
            ledger=store.ledger,
            rules=with_rules,
            pace=self.pace,
            watch=self.watch,
            governor=self.governor,
            learner=self.learner,
            dice=lambda: 0.0,
            told=self._was_told,
        )

    def _was_told(self) -> None:
        self.told += 1

    def poller(self, concurrency: int = 4) -> Poller:
        return Poller(
            source=self.house.source,
            ledger=self.house.store.ledger,
            clock=self.house.clock,
            pace=self.pace,
            watch=self.watch,
            governor=self.governor,
            recorder=self.recorder,
            concurrency=concurrency,
            timeout=1.0,
        )

    def sweeper(self, discovery: Discovery | None = None, *, page: int = PAGE) -> Sweeper:
        return Sweeper(
            source=self.house.source,
            ledger=self.house.store.ledger,
            roll=self.house.store.roll,
            clock=self.house.clock,
            rules=self.rules,
            pace=self.pace,
            watch=self.watch,
            governor=self.governor,
            discovery=discovery,
            chores=SoleChores(),
            moved=self._count,
            page=page,
        )

    def _count(self) -> None:
        self.moved += 1


async def settle_down(part: Poller | Dispatcher) -> None:
    """Rounds until nothing is in hand and a round claims nothing more."""
    with anyio.fail_after(DEADLINE):
        while True:
            part.look()
            await part.round()
            if part.seats.claimed == 0:
                return
            await part.bell.wait(0.01)


async def eventually(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(DEADLINE):
        while not holds():  # noqa: ASYNC110 what it waits for is a fact, not an event
            await anyio.sleep(0.005)


@pytest.fixture
def house(store: Store, clock: HandClock) -> House:
    return House(store, clock)
