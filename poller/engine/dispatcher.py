"""Owed deliveries -> attempt -> settle, for one notifier."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from poller.core.bundling import Window
from poller.core.delivery import Delivered, Delivery, Gone, Outcome, Retry, Unavailable, settle
from poller.core.event import Event
from poller.core.notices import notifier_disabled, notifier_recovered
from poller.core.work import Owed
from poller.engine.bell import Bell
from poller.engine.pace import Pace
from poller.engine.ports import Clock, Notifier, Outbox
from poller.engine.seats import Seats
from poller.engine.shift import IDLE, Shift

HAND_PER_SEAT: Final = 16  # deliveries claimed ahead, so that no seat waits for the database
MOST_IN_HAND: Final = 500
PAUSE: Final = 0.02  # seconds before looking again when all that is owed waits for an earlier delivery
LEASE_GRACE: Final = 10.0  # seconds beyond the longest time that a claimed delivery can wait and be tried
UNAVAILABLE_PAUSE: Final = 30.0  # seconds before a notifier that cannot work is tried again; doubled each time
UNAVAILABLE_PAUSE_CAP: Final = 900.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One attempt that ended; `outcome` is None when none was made and the delivery goes back to the rows."""

    owed: Owed
    outcome: Outcome | None
    at: float


class Dispatcher:
    """Delivers what one notifier is owed. `announce` records an event about the notifier itself.

    `recipients` is one empty name for a notifier that has none. With a `window` events are collected and told together.
    """

    def __init__(
        self,
        *,
        notifier: Notifier,
        outbox: Outbox,
        clock: Clock,
        waits: Sequence[float],
        rate: float,
        concurrency: int,
        timeout: float,
        ordered: bool,
        dice: Callable[[], float],
        announce: Callable[[Event], Awaitable[None]],
        recipients: Sequence[str] = ("",),
        window: Window | None = None,
    ) -> None:
        self._notifier = notifier
        self._outbox = outbox
        self._clock = clock
        self._waits = waits
        self._ordered = ordered
        self._dice = dice
        self._announce = announce
        self._recipients = recipients
        self._window = window
        self._most = min(concurrency * HAND_PER_SEAT, MOST_IN_HAND)
        self._lease = timeout * (HAND_PER_SEAT + 1) + LEASE_GRACE
        self._pace = Pace(rate, clock)
        self._next_look = 0.0
        self._recovering: str | None = None
        self._pause = 0.0
        self._resumes_at = 0.0
        self.disabled: str | None = None
        self.bell = Bell()
        self.seats: Seats[Owed, Tried] = Seats(concurrency, self._try, self.bell)
        self.shift = Shift(f"deliver {notifier.name}", self.seats, self.bell, clock)

    def look(self) -> None:
        """Something may be owed that was not before."""
        self._next_look = 0.0
        self.bell.ring()

    def enable(self) -> None:
        """An operator wants a disabled notifier to be tried again."""
        self._recovering, self.disabled = self.disabled or self._recovering, None
        self._pause = self._resumes_at = 0.0
        self.look()

    async def run(self) -> None:
        """Deliver until closed."""
        await self.shift.run(self.round)

    async def round(self) -> float:
        """Settle what was tried, claim what is owed; returns when to look again."""
        await self._put_away(self.seats.collect())
        if self.shift.closing or self.disabled is not None:
            await self._release(self.seats.take_back())
            return self._clock.now() + IDLE
        if self._pausing():
            await self._release(self.seats.take_back())
            return self._resumes_at
        await self._claim()
        return self._next_look

    async def _claim(self) -> None:
        now = self._clock.now()
        room = self._pace.room(self._most) - self.seats.waiting
        if now < self._next_look:
            return
        if room <= 0:
            self._next_look = now + self._pace.seconds_to_next()
            return
        owed = await self._outbox.claim(
            self._notifier.name,
            now=now,
            until=now + self._lease,
            limit=room,
            ordered=self._ordered,
            recipients=self._recipients,
            window=self._window,
        )
        self.seats.deal(owed)
        if not owed:
            next_attempt = await self._outbox.next_attempt(self._notifier.name, recipients=self._recipients)
            self._next_look = min(now + IDLE, now + IDLE if next_attempt is None else max(next_attempt, now + PAUSE))

    async def _try(self, owed: Owed) -> Tried:
        if self.disabled is not None or self._pausing() or not await self._pace.turn():
            return Tried(owed=owed, outcome=None, at=self._clock.now())
        try:
            outcome = await self._notifier.deliver(owed.notification, now=self._clock.now())
        except (
            Exception
        ):  # a bug met by one delivery must not stop the others; it is logged, and the delivery is retried
            log.exception("delivering failed because of a bug; please report it", notifier=self._notifier.name)
            outcome = Retry(reason="internal error, see the log")
        if isinstance(outcome, Gone):
            self.disabled = outcome.reason
        self._pause_after(outcome)
        return Tried(owed=owed, outcome=outcome, at=self._clock.now())

    def _pausing(self) -> bool:
        return self._clock.now() < self._resumes_at

    def _pause_after(self, outcome: Outcome) -> None:
        """What cannot work is left alone for a while; seats that find out at the same time make it no longer."""
        if not isinstance(outcome, Unavailable):
            self._pause = 0.0
        elif not self._pausing():
            self._pause = min(max(UNAVAILABLE_PAUSE, 2 * self._pause), UNAVAILABLE_PAUSE_CAP)
            self._resumes_at = self._clock.now() + self._pause

    async def _put_away(self, tried: list[Tried]) -> None:
        if not tried:
            return
        try:
            await self._settle(tried)
        except BaseException:  # whatever stopped it: what became of the attempts is saved the next time
            self.seats.put_back(tried)
            raise

    async def _settle(self, tried: list[Tried]) -> None:
        await self._release([one.owed for one in tried if one.outcome is None])
        ended = [(one, one.outcome) for one in tried if one.outcome is not None]
        settled = [self._settled(one, outcome) for one, outcome in ended]
        if settled:
            await self._outbox.settle([delivery for deliveries in settled for delivery in deliveries])
            self._next_look = 0.0
        for (one, outcome), deliveries in zip(ended, settled, strict=True):
            _report(one.owed, outcome, deliveries[0])
        await self._tell_of_notifier(ended)

    def _settled(self, one: Tried, outcome: Outcome) -> list[Delivery]:
        """What was told together ends together."""
        jitter = 2 * self._dice() - 1
        return [
            settle(delivery, outcome, now=one.at, waits=self._waits, jitter=jitter) for delivery in one.owed.deliveries
        ]

    async def _tell_of_notifier(self, ended: list[tuple[Tried, Outcome]]) -> None:
        for one, outcome in ended:
            if isinstance(outcome, Gone) and self._recovering is None:
                self._recovering = outcome.reason
                await self._announce(notifier_disabled(self._notifier.name, outcome.reason, now=one.at))
            elif isinstance(outcome, Delivered) and self._recovering is not None and self.disabled is None:
                reason, self._recovering = self._recovering, None
                await self._announce(notifier_recovered(self._notifier.name, reason, now=one.at))

    async def _release(self, owed: list[Owed]) -> None:
        if owed:
            await self._outbox.release([delivery.id for one in owed for delivery in one.deliveries])


def _report(owed: Owed, outcome: Outcome, delivery: Delivery) -> None:
    fields: dict[str, object] = {"notifier": delivery.notifier, "event_id": owed.event.id, "attempt": delivery.attempts}
    if len(owed.deliveries) > 1:
        fields |= {"bundle": owed.notification.id, "events": len(owed.deliveries)}
    if isinstance(outcome, Delivered):
        log.info("delivered", **fields)
    elif isinstance(outcome, Unavailable):
        log.error("the notifier cannot work, it pauses", **fields, reason=delivery.last_error)
    elif delivery.state == "dead":
        log.error("delivery is dead", **fields, reason=delivery.last_error)
    else:
        log.warning(
            "delivery failed, it is tried again",
            **fields,
            reason=delivery.last_error,
            next_attempt_at=delivery.next_attempt_at,
        )
