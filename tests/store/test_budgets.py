"""The budget of a source that daemons on one PostgreSQL share: in the rows, and as their pace makes use of it."""

from collections.abc import Callable

import anyio
import pytest
from sqlalchemy import text

from poller.core.budget import Slice
from poller.core.crew import ALONE, AWAY, Crew
from poller.engine.shared_pace import SharedPace
from poller.host.clock import SystemClock
from poller.store.budgets import SharedBudgets
from tests.store.conftest import Server
from tests.store.several import One, daemons

RATE = 100.0
TWO = Crew(daemons=2)


def pace_of(one: One, rate: float = RATE, crew: Callable[[], Crew] = lambda: TWO) -> SharedPace:
    budgets = SharedBudgets(one.store.database)
    return SharedPace("prod", rate, budgets=budgets, crew=crew, clock=SystemClock())


async def spend(pace: SharedPace, sent: list[float], seconds: float, seats: int = 6) -> None:
    """Requests as fast as the pace lets seats send them."""

    async def seat() -> None:
        while True:
            if await pace.turn():
                sent.append(anyio.current_time())

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as group:
            for _ in range(seats):
                group.start_soon(seat)


def most_within(sent: list[float], seconds: float) -> int:
    """The most requests in any stretch of time of that length."""
    ordered = sorted(sent)
    return max(sum(at <= other < at + seconds for other in ordered) for at in ordered)


async def test_slices_of_two_daemons_follow_each_other(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        one, other = SharedBudgets(a.store.database), SharedBudgets(b.store.database)

        async def take(budgets: SharedBudgets, within: float = 5.0) -> Slice:
            return await budgets.take("prod", rate=RATE, pace=RATE, requests=50, within=within)

        empty, first, second = await take(one), await take(one), await take(other)
        assert (empty.requests, first.requests, second.requests) == (0, 50, 50)
        assert second.first - first.first == pytest.approx(0.5, abs=0.2)
        refused = await take(one, 0.1)
        assert refused.requests == 0
        assert 0.5 < refused.first < 1.0


async def test_two_daemons_together_keep_to_the_rate_and_use_it(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        sent: list[float] = []
        async with anyio.create_task_group() as group:
            group.start_soon(spend, pace_of(a), sent, 2.2)
            await anyio.sleep(0.5)  # the other joins later
            group.start_soon(spend, pace_of(b), sent, 1.2)
        steady = [at for at in sent if 0.1 < at - sent[0] < 2.1]
        assert 0.8 * RATE * 2 < len(steady) <= 1.1 * RATE * 2
        assert most_within(sent, 1.0) <= 1.1 * RATE + 1


async def test_what_the_upstream_asks_of_one_daemon_holds_all(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        one, other = pace_of(a), pace_of(b)
        assert await one.turn()
        assert await other.turn()
        await one.slow_down(30.0)
        assert not await other.turn(0.05)
        assert one.rate == pytest.approx(RATE / 2, rel=0.1)
        assert other.rate == pytest.approx(RATE / 2, rel=0.1)
        assert other.room(99) == 0
        assert other.seconds_to_next() > 20.0


async def test_a_hold_without_throttling_leaves_the_rate_as_it_is(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        one, other = pace_of(a), pace_of(b)
        assert await one.turn()
        await one.hold(30.0)
        assert not await other.turn(0.05)
        assert other.rate == RATE


async def test_a_daemon_that_others_may_believe_dead_sends_nothing(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        crews = [ALONE]
        pace = pace_of(a, crew=lambda: crews[-1])
        assert await pace.turn()
        crews.append(AWAY)
        assert (await pace.turn(0.1), pace.room(99), pace.share) == (False, 0, 0.0)


async def test_turns_that_were_not_used_in_time_are_gone(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        pace = pace_of(a)
        sent: list[float] = []
        await spend(pace, sent, 0.3)
        await anyio.sleep(1.0)  # as a daemon that was paused
        began, sent = anyio.current_time(), []
        await spend(pace, sent, 0.5)
        assert len(sent) <= RATE * (anyio.current_time() - began + 0.35)


async def test_requests_without_a_turn_are_made_up_for(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        pace = pace_of(a, rate=10.0)
        assert await pace.turn()
        pace.charge(5)
        began = anyio.current_time()
        assert await pace.turn()
        assert await pace.turn()
        assert anyio.current_time() - began > 0.3


async def test_without_a_database_there_are_no_turns_and_nothing_breaks(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        pace = pace_of(a)
        async with a.store.database.writing() as transaction:
            await transaction.execute(text("ALTER TABLE budgets RENAME TO hidden"))
        try:
            assert not await pace.turn(0.2)
            await pace.hold(0.01)
            await pace.slow_down(0.01)
            assert pace.room(99) == 0
        finally:
            async with a.store.database.writing() as transaction:
                await transaction.execute(text("ALTER TABLE hidden RENAME TO budgets"))
