"""The door in front of a credential: so few authentication failures that the upstream never locks the key or the account.

More than five in a row lock an AK/SK for 5 minutes, repeated wrong passwords lock the account for 15 (FACTS.md). So a credential is
unproven at first and after every failure: one request at a time then goes through while the others wait for what comes of it. After
`CREDENTIAL_FAILURES` in a row nothing goes through for 5 s, doubling up to 30 minutes, with a single probe after each rest.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import anyio

from poller.core.breaker import CLOSED, CREDENTIAL_FAILURES, CREDENTIAL_PAUSE_CAP, Breaker, failed, rest
from poller.core.reading import Denied, Failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """Leave to send one request. `epoch` counts the failures known when it was given; a `probe` follows a rest."""

    epoch: int
    probe: bool


class Gate:
    """Shared by all sources that use one credential at one endpoint. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._breaker: Breaker = CLOSED
        self._proven = False
        self._epoch = 0
        self._reason = ""
        self._place = anyio.Semaphore(1)

    @asynccontextmanager
    async def admit(self, patience: float) -> AsyncIterator[Ticket | Denied | Failed]:
        """A ticket for the time of the block, or why there is none.

        Denied at once while the gate is shut; Failed when it took longer than `patience` seconds until the one request in front
        had shown whether the credential works. Leaving the block, in whichever way, lets the next one through.
        """
        if not self._is_one_at_a_time():
            yield self._ticket()
        elif not await self._take_place(patience):
            yield _WAITED
        elif not self._is_one_at_a_time():  # what the one in front brought holds for all who waited
            self._place.release()
            yield self._ticket()
        else:
            try:
                yield self._ticket()
            finally:
                self._place.release()

    def accepted(self, ticket: Ticket) -> None:
        """The upstream took the credential. What was sent before the last failure says nothing about now."""
        if ticket.epoch == self._epoch:
            self._breaker = CLOSED
            self._proven = True

    def refused(self, ticket: Ticket, reason: str, *, renewable: bool) -> None:
        """The upstream did not take the credential.

        Requests that were under way together fail together. With a renewable credential the first of them tells all; with a fixed
        one each counts, because the upstream counts them too.
        """
        late = ticket.epoch != self._epoch
        if (late and renewable) or (self._breaker.is_open and not ticket.probe):
            return
        self._reason = reason
        self._proven = False
        self._epoch += 1
        self._breaker = failed(
            self._breaker, now=self._now(), threshold=CREDENTIAL_FAILURES, lasting=0.0, cap=CREDENTIAL_PAUSE_CAP
        )

    def _is_one_at_a_time(self) -> bool:
        return not self._proven and not rest(self._breaker, self._now())

    def _ticket(self) -> Ticket | Denied:
        left = rest(self._breaker, self._now())
        if left:
            return Denied(reason=f"credentials not accepted: {self._reason}", after=left)
        return Ticket(epoch=self._epoch, probe=self._breaker.is_open)

    async def _take_place(self, patience: float) -> bool:
        with anyio.move_on_after(patience):
            await self._place.acquire()
            return True
        return False


_WAITED: Final = Failed(kind="outage", reason="waited in vain for another request to show that the credentials work")
