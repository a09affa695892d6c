"""One contract for the budget of a source: of one daemon (all that SQLite can have), and of several that share it on PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Sequence

import anyio
import pytest

from poller.core.crew import Crew
from poller.engine.pace import Pace
from poller.engine.ports import Pacing
from poller.engine.shared_pace import SharedPace
from poller.host.clock import SystemClock
from poller.store.budgets import SharedBudgets
from tests.store.conftest import Server, postgresql
from tests.store.several import daemons

__all__ = ["postgresql"]

RATE = 100.0
BURST = 1.1  # of the rate, in a second


@pytest.fixture(params=[1, 3], ids=["alone", "three"])
async def paces(request: pytest.FixtureRequest) -> AsyncIterator[Sequence[Pacing]]:
    """Of each daemon one."""
    count: int = request.param
    if count == 1:
        yield [Pace(RATE, SystemClock())]
        return
    server: Server = request.getfixturevalue("postgresql")
    async with daemons(server, *"abc"[:count]) as crew:
        yield [
            SharedPace(
                "prod",
                RATE,
                budgets=SharedBudgets(one.store.database),
                crew=_crew(count, rank),
                clock=SystemClock(),
            )
            for rank, one in enumerate(crew)
        ]


def _crew(count: int, rank: int) -> Callable[[], Crew]:
    return lambda: Crew(daemons=count, rank=rank)


async def spend(pace: Pacing, sent: list[float], seconds: float, seats: int = 16) -> None:
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


async def test_all_together_keep_to_the_rate_and_use_it_while_one_joins(paces: Sequence[Pacing]) -> None:
    used = 0.0
    for _ in range(
        3
    ):  # where the machine stands still, turns are lost: that says nothing, and does not come three times
        sent = await sent_while_others_join(paces)
        steady = [at for at in sent if 0.2 < at - sent[0] < 1.7]
        used = len(steady) / (RATE * 1.5)
        assert used <= BURST
        assert most_within(sent, 1.0) <= BURST * RATE + 1
        if used > 0.8:
            return
    pytest.fail(f"of the rate only {used:.2f} was used")


async def sent_while_others_join(paces: Sequence[Pacing]) -> list[float]:
    """When requests were sent."""
    sent: list[float] = []
    async with anyio.create_task_group() as group:
        group.start_soon(spend, paces[0], sent, 2.0)
        await anyio.sleep(0.5)  # the others join later
        for pace in paces[1:]:
            group.start_soon(spend, pace, sent, 1.3)
    return sent


async def test_too_many_requests_slows_all_of_them_down_and_holds_them(paces: Sequence[Pacing]) -> None:
    for pace in paces:
        assert await pace.turn()
    await paces[0].slow_down(30.0)
    for pace in paces:
        assert not await pace.turn(0.05)
        assert pace.rate == pytest.approx(RATE / 2, rel=0.1)
        assert pace.room(99) == 0
        assert pace.seconds_to_next() > 20.0


async def test_a_hold_without_throttling_leaves_the_rate_as_it_is(paces: Sequence[Pacing]) -> None:
    for pace in paces:
        assert await pace.turn()
    await paces[0].hold(30.0)
    for pace in paces:
        assert not await pace.turn(0.05)
        assert pace.rate == RATE


async def test_requests_beyond_a_turn_are_made_up_for(paces: Sequence[Pacing]) -> None:
    assert await paces[0].turn()
    paces[0].charge(50)
    began = anyio.current_time()
    for pace in paces:
        assert await pace.turn()
    assert anyio.current_time() - began > 0.3


async def test_what_is_given_out_by_share_adds_up_to_one(paces: Sequence[Pacing]) -> None:
    assert sum(pace.share for pace in paces) == pytest.approx(1.0)
