"""The loop around rounds: it ends in order, and a database that is away stops the rounds and loses nothing."""

import itertools

import anyio
from structlog.testing import capture_logs

from poller.engine.bell import Bell
from poller.engine.seats import Seats
from poller.engine.shift import Shift
from poller.errors import StoreFull
from tests.engine.stage import HandClock


class Bench:
    """A shift over numbers that come back doubled."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.clock = HandClock()
        self.seats: Seats[int, int] = Seats(2, self.work, self.bell)
        self.shift = Shift("bench", self.seats, self.bell, self.clock)
        self.owed = [1, 2, 3]
        self.put_away: list[int] = []
        self.full = 0
        self.stuck_on: int | None = None

    async def work(self, item: int) -> int:
        await (anyio.sleep_forever() if item == self.stuck_on else anyio.lowlevel.checkpoint())
        return item * 2

    async def round(self) -> float:
        done = self.seats.collect()
        if self.full and done:
            self.full -= 1
            self.seats.put_back(done)
            raise StoreFull("no space left")
        self.put_away += done
        if self.shift.closing:
            self.owed = self.seats.take_back() + self.owed
        else:
            self.seats.deal(self.owed)
            self.owed = []
        if len(self.put_away) == 3:
            self.shift.close()
        return self.clock.now()


async def test_a_closed_shift_ends_when_what_is_in_hand_is_put_away() -> None:
    bench = Bench()
    with anyio.fail_after(5):
        await bench.shift.run(bench.round)
    assert sorted(bench.put_away) == [2, 4, 6]


async def test_closing_gives_back_what_nobody_has_begun() -> None:
    bench = Bench()
    bench.shift.close()
    with anyio.fail_after(5):
        await bench.shift.run(bench.round)
    assert (bench.put_away, bench.owed) == ([], [1, 2, 3])


async def test_a_cancelled_shift_puts_away_what_is_done_and_gives_back_what_is_not() -> None:
    bench = Bench()
    bench.stuck_on = 2
    async with anyio.create_task_group() as group:
        group.start_soon(bench.shift.run, bench.round)
        with anyio.fail_after(5):
            while len(bench.put_away) < 2:
                await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert sorted(bench.put_away) == [2, 6]
    assert bench.owed == [2]


async def test_a_cancelled_shift_ends_though_the_database_is_full() -> None:
    bench = Bench()
    bench.full, bench.stuck_on = 1000, 2
    with anyio.fail_after(5), capture_logs():
        async with anyio.create_task_group() as group:
            group.start_soon(bench.shift.run, bench.round)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    assert bench.put_away == []


async def test_a_full_database_delays_what_was_done_and_is_said_once() -> None:
    bench = Bench()
    bench.full = 2
    with capture_logs() as lines, anyio.fail_after(5):
        await bench.shift.run(bench.round)
    assert sorted(bench.put_away) == [2, 4, 6]
    assert [(line["log_level"], line.get("reason")) for line in lines] == [("error", "no space left"), ("info", None)]


async def test_slow_rounds_become_rare_so_that_the_seats_have_most_of_the_time() -> None:
    bench = Bench()
    bench.stuck_on = 1
    begun: list[float] = []

    async def slow() -> float:
        begun.append(anyio.current_time())
        bench.clock.pass_(0.02)  # seconds that the database took
        return await bench.round()

    with anyio.move_on_after(0.7):
        await bench.shift.run(slow)
    gaps = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert len(gaps) >= 2
    assert all(gap >= 9 * 0.02 * 0.9 for gap in gaps[:2])
