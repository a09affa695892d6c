"""What wakes those who follow the events: a ring after each transaction that recorded some. The rows are the message, not the ring."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from aiohttp import web

from poller.core.secret import Secret
from poller.web.door import Door

MAX_FOLLOWERS: Final = 32  # at once; each asks the database after a ring


class News:
    """One bell for all followers, and a bounded number of seats for them."""

    def __init__(self, seats: int = MAX_FOLLOWERS) -> None:
        self._rung = anyio.Event()
        self._seats = seats
        self.followers = 0

    def ring(self) -> None:
        """Something was recorded."""
        rung, self._rung = self._rung, anyio.Event()
        rung.set()

    def next(self) -> anyio.Event:
        """The next ring. Taken before looking at the rows, it misses nothing."""
        return self._rung

    @contextmanager
    def seat(self) -> Iterator[None]:
        """A place to follow from. Raises HTTPServiceUnavailable when all are taken."""
        if self.followers >= self._seats:
            raise web.HTTPServiceUnavailable(reason="too many follow the events already: try again later")
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1


class Curtain:
    """Who may go on following: nobody when the application ends, and nobody whose token is no longer the one of the door."""

    def __init__(self, door: Door | None) -> None:
        self._door = door
        self.fallen = False

    @property
    def token(self) -> Secret | None:
        """The token that counts now."""
        return None if self._door is None else self._door.token


CURTAIN: Final = web.AppKey("curtain", Curtain)
