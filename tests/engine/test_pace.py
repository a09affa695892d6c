"""Holding seats to a rate."""

import time
from typing import Any

import anyio
import pytest

from poller.core.budget import Slice
from poller.core.crew import ALONE
from poller.engine.lateness import LATE
from poller.engine.pace import PATIENCE, Pace
from poller.engine.shared_pace import SharedPace
from poller.host.clock import SystemClock
from tests.engine.stage import HandClock


async def test_the_first_request_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = HandClock()
    pace = Pace(5.0, clock)
    assert await pace.turn()
    assert pace.seconds_to_next() == pytest.approx(0.2)
    clock.pass_(0.2)
    assert pace.seconds_to_next() == 0.0


async def test_a_pause_saves_up_no_burst() -> None:
    clock = HandClock()
    pace = Pace(5.0, clock)
    clock.pass_(3600)
    assert pace.room(1000) == 2  # one now, and what a quarter of a second brings
    assert await pace.turn()
    assert pace.seconds_to_next() == pytest.approx(0.2)


async def test_a_seat_does_not_wait_long_for_its_turn() -> None:
    clock = HandClock()
    pace = Pace(1.0, clock)
    await pace.slow_down(PATIENCE + 1)
    with anyio.fail_after(1):
        assert not await pace.turn()
    assert pace.room(1000) == 0
    assert pace.seconds_to_next() == pytest.approx(PATIENCE + 1)


async def test_after_a_hold_work_goes_on_at_the_rate() -> None:
    clock = HandClock()
    pace = Pace(10.0, clock)
    await pace.slow_down(60)
    clock.pass_(60)
    assert await pace.turn()
    assert 0.05 <= pace.seconds_to_next() <= 0.2


async def test_a_high_rate_is_bounded_by_the_hand() -> None:
    assert Pace(100_000.0, HandClock()).room(64) == 64


async def test_a_slow_rate_waits_for_whole_tokens() -> None:
    clock = HandClock()
    pace = Pace(1 / 60, clock)
    assert pace.room(10) == 1
    assert await pace.turn()
    assert pace.room(10) == 0
    assert pace.seconds_to_next() == pytest.approx(60)


async def test_what_waits_for_the_end_of_a_hold_goes_on_one_by_one() -> None:
    # Where the machine stands still for a moment all of them wake together: that says nothing, and does not come three times.
    for _ in range(3):
        if await seconds_between_first_and_last_of_five() >= 0.03:
            return
    pytest.fail("they went all at once")


async def seconds_between_first_and_last_of_five() -> float:
    pace = Pace(100.0, HandClock())
    await pace.hold(0.2)
    went: list[float] = []

    async def wait_for_turn() -> None:
        assert await pace.turn()
        went.append(anyio.current_time())

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(wait_for_turn)
    return went[-1] - went[0]


async def test_a_hold_is_kept_to_the_second_whatever_the_rate_does() -> None:
    clock = HandClock()
    pace = Pace(5.0, clock)
    await pace.slow_down(30)
    for _ in range(29):
        clock.pass_(1)
        assert pace.room(100) == 0
    assert pace.seconds_to_next() == pytest.approx(1.0)


class OneTurn:
    """A shared budget that gives one turn, in a moment."""

    async def take(self, source: str, **asked: Any) -> Slice:
        return Slice(first=0.3, requests=1, step=0.1, pace=10.0)

    async def slow_down(self, source: str, *, rate: float, seconds: float) -> float:
        return rate

    async def hold(self, source: str, *, seconds: float) -> None:
        pass


async def test_a_turn_of_a_shared_budget_that_was_slept_through_is_none() -> None:
    pace = SharedPace("prod", 10.0, budgets=OneTurn(), crew=lambda: ALONE, clock=SystemClock())
    got: list[bool] = []

    async def wait_for_turn() -> None:
        got.append(await pace.turn())

    async with anyio.create_task_group() as group:
        group.start_soon(wait_for_turn)
        await anyio.wait_all_tasks_blocked()
        time.sleep(0.4 + LATE)  # noqa: ASYNC251 the whole process stands still, as after SIGSTOP
    assert got == [False]
    assert await pace.turn()
