"""The budget of a source that daemons on one PostgreSQL share, in the rows. What all budgets do: tests/daemon/test_pacing.py."""

from collections.abc import Callable

import anyio
import pytest
from sqlalchemy import text

from poller.core.budget import Slice
from poller.core.crew import ALONE, AWAY, Crew
from poller.engine.shared_pace import SharedPace
from poller.errors import StoreError
from poller.host.clock import SystemClock
from poller.store.budgets import SharedBudgets
from tests.daemon.test_pacing import spend
from tests.store.conftest import Server
from tests.store.several import One, daemons
from tests.store.test_trips import statements

RATE = 100.0
TWO = Crew(daemons=2)


def pace_of(one: One, rate: float = RATE, crew: Callable[[], Crew] = lambda: TWO) -> SharedPace:
    budgets = SharedBudgets(one.store.database)
    return SharedPace("prod", rate, budgets=budgets, crew=crew, clock=SystemClock())


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


async def test_a_daemon_that_stands_still_in_a_transaction_keeps_the_budget_from_nobody(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b", lease=3.0) as [a, b]:
        pace, went = pace_of(b), list[bool]()
        assert await pace.turn()

        async def stand_still() -> None:
            async with a.store.database.writing() as transaction:
                await transaction.execute(text("UPDATE budgets SET next_at = next_at"))
                with anyio.fail_after(10):
                    went.append(await pace.turn(5.0))

        with pytest.raises(StoreError):
            await stand_still()
        assert went == [True]
        assert await pace_of(a).turn()


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


async def test_turns_are_taken_by_one_statement_so_that_a_stopped_daemon_keeps_no_other_from_them(
    postgresql: Server,
) -> None:
    async with daemons(postgresql, "a") as [a]:
        budgets = SharedBudgets(a.store.database)
        await budgets.take("prod", rate=RATE, pace=RATE, requests=1, within=1.0)
        with statements(a.store) as sent:
            found = await budgets.take("prod", rate=RATE, pace=RATE, requests=1, within=1.0)
        assert (found.requests, sent) == (1, ["UPDATE"])


@pytest.mark.parametrize(("lease", "seconds"), [(30.0, "2s"), (3.0, "1s")])
async def test_a_transaction_in_which_nothing_happens_ends_before_others_notice(
    postgresql: Server, lease: float, seconds: str
) -> None:
    async with daemons(postgresql, "a", lease=lease) as [a], a.store.database.writing() as transaction:
        found = await transaction.execute(text("SHOW idle_in_transaction_session_timeout"))
        assert found.scalar_one() == seconds
