"""The door in front of a credential: so few authentication failures that the upstream never locks the key or the account.

More than five in a row lock an AK/SK for 5 minutes, repeated wrong passwords lock the account for 15 (FACTS.md). So a credential is
unproven at first and after every failure: one request at a time then goes through while the others wait for what comes of it. After
`CREDENTIAL_FAILURES` in a row nothing goes through for 5 s, doubling up to 30 minutes, with a single probe after each rest.

A proven credential can be revoked at any moment, and what is under way then fails together. So no more than `CREDENTIAL_FAILURES`
requests are under way of which nothing is known. An accepted one also speaks for those that were sent before it, and one that has
waited for `VERDICT_SECONDS` has passed: refusals come at once. Slow answers thus hold nobody up.

A place that becomes free is offered to those who wait a moment later: whoever has just left and comes back at once takes it, which
spares waking another task per request. Nobody is passed over for longer than `PASSED_OVER_SECONDS`.
"""

import math
from asyncio import get_running_loop
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

import anyio

from poller.core.breaker import CLOSED, CREDENTIAL_FAILURES, CREDENTIAL_PAUSE_CAP, Breaker, Standing, failed, rest
from poller.core.reading import Denied, Failed
from poller.sources.huawei.door import Passage, Ticket

VERDICT_SECONDS: Final = 1.0  # a refusal is the gateway's first deed: what is not refused by then was let in
PASSED_OVER_SECONDS: Final = 0.25  # of waiting; from then on it is first come, first served


class _Waiter:
    """A request that waits for its turn, `patience` seconds long; `taken` are the places it was given, None when it got none in time."""

    __slots__ = ("call", "done", "since", "taken", "until")

    def __init__(self, patience: float) -> None:
        self.since = monotonic()
        self.until = self.since + patience
        self.call = anyio.Event()
        self.done = False
        self.taken: int | None = None

    async def called(self) -> None:
        """Wait for the end, or for a call that is none."""
        await self.call.wait()
        if not self.done:
            self.call = anyio.Event()

    def end(self, taken: int | None) -> None:
        """It is its turn, or too late."""
        self.taken, self.done = taken, True
        self.call.set()


class Gate:
    """Shared by all sources that use one credential at one endpoint. `now` gives seconds of a clock that never jumps: a rest that
    began while the wall's clock was hours ahead is to end as any other.

    `places` is how many requests may be under way of which nothing is known: fewer where other daemons use the credential too.
    """

    def __init__(self, now: Callable[[], float], places: Callable[[], int] = lambda: CREDENTIAL_FAILURES) -> None:
        self._now = now
        self._places = places
        self._breaker: Breaker = CLOSED
        self._proven = False
        self._epoch = 0
        self._reason = ""
        self._number = 0
        self._used = 0  # places
        self._open: dict[int, float] = {}  # requests that hold one place each, with when they were let in, oldest first
        self._queue: deque[_Waiter] = deque()
        self._is_watched = False
        self._will_serve = False

    def admit(self, patience: float) -> Passage:
        """A ticket for the time of the block, or why there is none.

        Denied at once while the gate is shut; Failed when it took longer than `patience` seconds until it was the request's turn.
        Leaving the block, in whichever way, lets the next one through.
        """
        return Passage(self, patience)

    async def enter(self, passage: Passage) -> Ticket | Denied | Failed:
        """What `admit` begins with: the ticket of the passage has to be given back by `leave`."""
        taken = None if self._passed_over() else self._take()
        if taken is None:
            taken = await self._wait(passage.patience)
        if taken is None:
            return WAITED
        if not taken:
            return self._denied()
        passage.ticket = ticket = self._ticket(taken)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """The request has ended, in whichever way."""
        if ticket.places > 1:
            self._give_back(ticket.places)
        elif ticket.number in self._open:
            self._settle(ticket.number)

    def accepted(self, ticket: Ticket) -> None:
        """The upstream took the credential. What was sent before the last failure says nothing about now."""
        if ticket.epoch == self._epoch:
            self._breaker = CLOSED
            self._proven = True
            while self._open and (oldest := next(iter(self._open))) <= ticket.number:
                self._settle(oldest)

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
        self._serve()

    @property
    def proven(self) -> bool:
        """Whether the credential was accepted since it was last refused."""
        return self._proven

    @property
    def epoch(self) -> int:
        """How many failures are known."""
        return self._epoch

    def learn(self, standing: Standing) -> None:
        """What other daemons have found out about the credential."""
        theirs = standing.breaker
        if theirs.failures > self._breaker.failures:
            self._proven = False
            self._epoch += 1
        if theirs.failures or self._breaker.failures:
            self._breaker = theirs.moved(self._now()) if theirs.failures else CLOSED
            self._reason = standing.reason or self._reason
            self._serve_soon()

    def renewed(self, ticket: Ticket) -> Ticket:
        """The ticket as if it were given now."""
        return ticket._replace(epoch=self._epoch, probe=self._breaker.is_open)

    def denied(self) -> Denied | None:
        """Why nothing goes through now; None when something may."""
        return self._denied() if rest(self._breaker, self._now()) else None

    def _take(self) -> int | None:
        """The places that a request needs now: none while the gate is shut, all while nothing is proven. None: they are not free."""
        if self._breaker is not CLOSED and rest(self._breaker, self._now()):
            return 0
        places = self._places()
        if self._used >= (places if self._proven else min(places, 1)):
            return None
        taken = 1 if self._proven else CREDENTIAL_FAILURES
        self._used += taken
        return taken

    async def _wait(self, patience: float) -> int | None:
        waiter = _Waiter(patience)
        self._queue.append(waiter)
        try:
            while not waiter.done:
                if self._is_watched:
                    await waiter.called()
                else:
                    await self._watch_time(waiter)
        except BaseException:
            self._dismiss(waiter)
            raise
        return waiter.taken

    async def _watch_time(self, waiter: "_Waiter") -> None:
        """One of those who wait keeps the time for all: a timer for each would cost more than all else here."""
        self._is_watched = True
        try:
            while not waiter.done:
                with anyio.move_on_after(self._seconds_to_change()):
                    await waiter.call.wait()
                self._settle_old()
                self._dismiss_impatient()
        finally:
            self._is_watched = False
            self._call_a_watcher()

    def _call_a_watcher(self) -> None:
        if self._queue and not self._is_watched:
            self._queue[-1].call.set()  # the one who will wait longest

    def _passed_over(self) -> bool:
        """Whether somebody has waited so long that nobody may step in front of him any more."""
        return bool(self._queue) and self._queue[0].since + PASSED_OVER_SECONDS <= monotonic()

    def _serve_soon(self) -> None:
        if self._queue and not self._will_serve:
            self._will_serve = True
            get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        """Something has changed: first come, first served."""
        self._will_serve = False
        while self._queue and (taken := self._take()) is not None:
            self._queue.popleft().end(taken)

    def _dismiss(self, waiter: "_Waiter") -> None:
        if waiter.done:
            self._give_back(waiter.taken or 0)
        else:
            self._queue.remove(waiter)
            self._call_a_watcher()  # perhaps it had been called itself

    def _dismiss_impatient(self) -> None:
        now = monotonic()
        for waiter in [waiter for waiter in self._queue if waiter.until <= now]:
            self._queue.remove(waiter)
            waiter.end(None)

    def _seconds_to_change(self) -> float:
        """Until the first of those who wait has lost patience, or something is known of an open request."""
        first = min((waiter.until for waiter in self._queue), default=math.inf)
        return max(0.0, min(first - monotonic(), self._seconds_to_verdict()))

    def _seconds_to_verdict(self) -> float:
        """Until the oldest open request has waited so long that it was not refused; forever when there is none."""
        if not self._open:
            return math.inf
        return max(0.0, next(iter(self._open.values())) + VERDICT_SECONDS - monotonic())

    def _settle_old(self) -> None:
        limit = monotonic() - VERDICT_SECONDS
        for number in [number for number, since in self._open.items() if since <= limit]:
            self._settle(number)

    def _ticket(self, taken: int) -> Ticket:
        self._number += 1
        if taken == 1:
            self._open[self._number] = monotonic()
        return Ticket(epoch=self._epoch, probe=self._breaker.is_open, number=self._number, places=taken)

    def _denied(self) -> Denied:
        return Denied(reason=f"credentials not accepted: {self._reason}", after=rest(self._breaker, self._now()))

    def _settle(self, number: int) -> None:
        """What is to be known of this request is known: its place is free."""
        if self._open.pop(number, None) is not None:
            self._give_back(1)

    def _give_back(self, places: int) -> None:
        self._used -= places
        self._serve_soon()


WAITED: Final = Failed(kind="outage", reason="waited in vain for another request to show that the credentials work")
