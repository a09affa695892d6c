"""Workers that take seats, not batches."""

import anyio
import pytest

from poller.engine.bell import Bell
from poller.engine.seats import Seats


async def until_idle(seats: Seats[int, int], bell: Bell) -> None:
    with anyio.fail_after(5):
        while seats.working:
            await bell.wait(5)


async def test_every_item_is_worked_once_and_never_more_at_a_time_than_there_are_seats() -> None:
    busy = most = 0

    async def work(item: int) -> int:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await anyio.lowlevel.checkpoint()
        busy -= 1
        return item * 2

    bell = Bell()
    seats = Seats(3, work, bell)
    async with anyio.create_task_group() as group:
        group.start_soon(seats.run)
        seats.deal(range(50))
        await until_idle(seats, bell)
        assert sorted(seats.collect()) == [item * 2 for item in range(50)]
        assert most == 3
        group.cancel_scope.cancel()


async def test_the_bell_rings_while_there_is_still_something_in_the_hand() -> None:
    async def work(item: int) -> int:
        await anyio.lowlevel.checkpoint()
        return item

    bell = Bell()
    seats = Seats(2, work, bell, low=4)
    async with anyio.create_task_group() as group:
        group.start_soon(seats.run)
        seats.deal(range(10))
        await bell.wait(5)
        assert 0 < seats.waiting <= 4
        seats.deal(range(10, 20))
        await until_idle(seats, bell)
        assert sorted(seats.collect()) == list(range(20))
        group.cancel_scope.cancel()


async def test_one_slow_item_delays_nobody_else() -> None:
    slow = anyio.Event()
    quick_done = anyio.Event()
    worked = []

    async def work(item: int) -> int:
        if item == 0:
            await slow.wait()
        worked.append(item)
        if len(worked) == 19:
            quick_done.set()
        return item

    seats = Seats(2, work, Bell())
    async with anyio.create_task_group() as group:
        group.start_soon(seats.run)
        seats.deal(range(20))
        with anyio.fail_after(5):
            await quick_done.wait()
        assert 0 not in worked
        assert seats.claimed == 20  # nothing was collected yet, and one is still at work
        slow.set()
        group.cancel_scope.cancel()


async def test_what_was_put_back_is_collected_first() -> None:
    async def work(item: int) -> int:
        return item

    seats: Seats[int, int] = Seats(1, work, Bell())
    seats.put_back([2, 3])
    seats.put_back([1])
    assert seats.collect() == [1, 2, 3]
    assert seats.claimed == 0


async def test_the_hand_can_be_taken_back_untouched() -> None:
    async def work(item: int) -> int:
        raise AssertionError

    seats: Seats[int, int] = Seats(1, work, Bell())
    seats.deal([1, 2])
    assert seats.take_back() == [1, 2]
    assert not seats.working


@pytest.mark.parametrize("rings", [1, 3])
async def test_rings_that_nobody_has_waited_for_are_one_ring(rings: int) -> None:
    bell = Bell()
    for _ in range(rings):
        bell.ring()
    with anyio.fail_after(1):
        await bell.wait(60)
    with anyio.move_on_after(0.02) as waited:
        await bell.wait(60)
    assert waited.cancelled_caught


async def test_a_result_is_kept_though_the_tray_was_collected_while_its_item_was_worked() -> None:
    answer = anyio.Event()

    async def work(item: int) -> int:
        await answer.wait()
        return item

    bell = Bell()
    seats: Seats[int, int] = Seats(1, work, bell)
    async with anyio.create_task_group() as group:
        group.start_soon(seats.run)
        seats.deal([7])
        await anyio.wait_all_tasks_blocked()
        assert seats.collect() == []
        answer.set()
        await until_idle(seats, bell)
        assert seats.collect() == [7]
        group.cancel_scope.cancel()
