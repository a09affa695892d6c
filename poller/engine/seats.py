"""Workers that take seats, not batches: one slow request or receiver delays nobody else."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Generic, TypeVar

import anyio

from poller.engine.bell import Bell

LOW_PART: Final = 2  # with one part in so many of a hand left more is claimed, while the seats go on with the rest

Item = TypeVar("Item")
Result = TypeVar("Result")


class Seats(Generic[Item, Result]):
    """A fixed number of workers between a hand of claimed items and a tray of results.

    The owner deals items and collects results; both queues hold no more than the owner deals. `bell` rings when the last
    item has been worked, and when the hand runs `low`: there is time to deal before a worker has nothing to take.
    """

    def __init__(
        self, count: int, work: Callable[[Item], Awaitable[Result]], bell: Bell, *, low: int | None = None
    ) -> None:
        self._count = count
        self._work = work
        self._bell = bell
        self._low = low
        self._hand: deque[Item] = deque()
        self._tray: list[Result] = []
        self._busy = 0
        self._dealt = anyio.Event()

    @property
    def waiting(self) -> int:
        """Items in the hand that no worker has taken yet."""
        return len(self._hand)

    @property
    def claimed(self) -> int:
        """Items that were dealt and whose results have not been collected."""
        return len(self._hand) + self._busy + len(self._tray)

    @property
    def working(self) -> bool:
        """Whether a worker is at work or has something to take."""
        return bool(self._busy or self._hand)

    def deal(self, items: Iterable[Item]) -> None:
        """Put items into the hand."""
        self._hand.extend(items)
        self._dealt.set()

    def collect(self) -> list[Result]:
        """Take the results that are there."""
        tray, self._tray = self._tray, []
        return tray

    def put_back(self, results: Iterable[Result]) -> None:
        """Return results that could not be dealt with now: they are collected first the next time."""
        self._tray[:0] = results

    def take_back(self) -> list[Item]:
        """Empty the hand: the items that nobody has begun, or that a cancelled worker has not finished."""
        items = list(self._hand)
        self._hand.clear()
        return items

    async def run(self) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as workers:
            for _ in range(self._count):
                workers.start_soon(self._sit)

    async def _sit(self) -> None:
        while True:
            while not self._hand:
                self._dealt = anyio.Event() if self._dealt.is_set() else self._dealt
                await self._dealt.wait()
            item = self._hand.popleft()
            if len(self._hand) == self._low:
                self._bell.ring()
            self._busy += 1
            try:
                result = await self._work(item)
                self._tray.append(result)  # the tray of now: it may have been collected meanwhile
            except BaseException:  # whatever stopped it, most often the end of the grace: the item can be taken back
                self._hand.appendleft(item)
                raise
            finally:
                self._busy -= 1
            if not self._busy and not self._hand:
                self._bell.ring()
