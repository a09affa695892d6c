"""Owed deliveries -> attempt -> settle, for one notifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from poller.core.bundling import Window
from poller.core.delivery import Delivered, Delivery, Outcome, Retry, Unavailable, settle
from poller.core.work import Fallback, Owed
from poller.engine.bell import Bell
from poller.engine.fallback import HandingOver
from poller.engine.owing import Outbox
from poller.engine.pace import Pace
from poller.engine.ports import Clock, Notifier
from poller.engine.seats import LOW_PART, Seats
from poller.engine.shift import IDLE, NO_ROW, Shift
from poller.engine.standing import Announce, Standing

HAND_PER_SEAT: Final = 16  # deliveries claimed ahead, so that no seat waits for the database
MOST_IN_HAND: Final = 500
PAUSE: Final = 0.02  # seconds before looking again when all that is owed waits for an earlier delivery
LEASE_GRACE: Final = 10.0  # seconds beyond the longest time that a claimed delivery can wait and be tried

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One attempt that ended; `outcome` is None when none was made and the delivery goes back to the rows."""

    owed: Owed
    outcome: Outcome | None
    at: float


class Dispatcher:
    """Delivers what one notifier is owed. `announce` records an event about the notifier itself; `fallback` is owed what fails too.

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
        announce: Announce,
        fallback: Fallback | None = None,
        recipients: Sequence[str] = ("",),
        window: Window | None = None,
    ) -> None:
        self._notifier = notifier
        self._outbox = outbox
        self._clock = clock
        self._waits = waits
        self._ordered = ordered
        self._dice = dice
        self._fallback = fallback
        self._recipients = recipients
        self._window = window
        self._most = min(concurrency * HAND_PER_SEAT, MOST_IN_HAND)
        self._lease = timeout * (HAND_PER_SEAT + 1) + LEASE_GRACE
        self._pace = Pace(rate, clock)
        self._next_look = 0.0
        self._standing = Standing(notifier.name, outbox=outbox, clock=clock, waits=waits, announce=announce)
        self._handing = HandingOver(notifier.name, outbox, clock, waits, fallback)
        self.bell = Bell()
        self.seats: Seats[Owed, Tried] = Seats(concurrency, self._try, self.bell, low=self._most // LOW_PART)
        self.shift = Shift(f"deliver {notifier.name}", self.seats, self.bell, clock)

    @property
    def disabled(self) -> str | None:
        """Why nothing is tried until an operator says otherwise; None while it is."""
        return self._standing.disabled

    @property
    def is_failing(self) -> bool:
        """Whether it rests, apart from probes."""
        return not self._standing.is_sound

    def look(self) -> None:
        """Something may be owed that was not before."""
        self._next_look = 0.0
        self.bell.ring()

    def enable(self) -> None:
        """An operator wants a notifier to be tried again, whether it is disabled or rests."""
        self._standing.enable()
        self.look()

    async def run(self) -> None:
        """Deliver until closed."""
        await self.shift.run(self.round)

    async def round(self) -> float:
        """Settle what was tried, claim what is owed; returns when to look again."""
        if self.shift.trouble is not None:
            await self._outbox.release(NO_ROW)
        await self._standing.load()
        await self._put_away(self.seats.collect())
        if not (self._standing.is_sound or self.shift.closing):
            await self._handing.round()
        resting = self._standing.resting
        if self.shift.closing or self.disabled is not None or resting:
            await self._release(self.seats.take_back())
            return self._clock.now() + (resting or IDLE)
        await self._claim()
        return self._next_look

    async def _claim(self) -> None:
        now = self._clock.now()
        room = self._pace.room(self._most) - self.seats.waiting
        most = self._standing.most(self.seats.claimed)
        if now < self._next_look or most == 0:
            return
        if room <= 0:
            self._next_look = now + self._pace.seconds_to_next()
            return
        owed = await self._outbox.claim(
            self._notifier.name,
            now=now,
            until=now + self._lease,
            limit=room if most is None else min(room, most),
            ordered=self._ordered,
            recipients=self._recipients,
            window=self._window,
        )
        self.seats.deal(owed)
        if not owed:
            next_attempt = await self._outbox.next_attempt(self._notifier.name, recipients=self._recipients)
            self._next_look = min(now + IDLE, now + IDLE if next_attempt is None else max(next_attempt, now + PAUSE))

    async def _try(self, owed: Owed) -> Tried:
        if self.disabled is not None or self._standing.resting or not await self._pace.turn():
            return Tried(owed=owed, outcome=None, at=self._clock.now())
        try:
            outcome = await self._notifier.deliver(owed.notification, now=self._clock.now())
        except (
            Exception
        ):  # a bug met by one delivery must not stop the others; it is logged, and the delivery is retried
            log.exception("delivering failed because of a bug; please report it", notifier=self._notifier.name)
            outcome = Retry(reason="internal error, see the log")
        self._standing.learn(outcome)
        return Tried(owed=owed, outcome=outcome, at=self._clock.now())

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
            await self._outbox.settle(
                [delivery for deliveries in settled for delivery in deliveries], fallback=self._fallback
            )
            self._next_look = 0.0
        for (one, outcome), deliveries in zip(ended, settled, strict=True):
            _report(one.owed, outcome, deliveries[0])
        await self._standing.tell([(outcome, one.at) for one, outcome in ended])

    def _settled(self, one: Tried, outcome: Outcome) -> list[Delivery]:
        """What was told together ends together."""
        jitter = 2 * self._dice() - 1
        return [
            settle(delivery, outcome, now=one.at, waits=self._waits, jitter=jitter) for delivery in one.owed.deliveries
        ]

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
