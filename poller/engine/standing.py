"""How a notifier stands: whether it is left alone, apart from probes, and what is told of that through the other notifiers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from poller.core.breaker import (
    CLOSED,
    OUTAGE_FAILURES,
    OUTAGE_PAUSE_CAP,
    OUTAGE_SECONDS,
    PAUSE_FLOOR,
    Breaker,
    failed,
    rest,
)
from poller.core.delivery import Delivered, Gone, Outcome, Rejected, Retry, Unavailable
from poller.core.event import Event
from poller.core.notices import notifier_disabled, notifier_failing, notifier_recovered
from poller.core.work import NotifierHealth
from poller.engine.owing import Outbox
from poller.engine.ports import Clock

PROBE: Final = 1  # how many attempts are under way while a notifier fails
UNAVAILABLE_PAUSE: Final = 30.0  # seconds before a notifier that cannot work is tried again; doubled each time
UNAVAILABLE_PAUSE_CAP: Final = 900.0

Announce: TypeAlias = Callable[[Event, NotifierHealth], Awaitable[None]]


class Standing:
    """The health of one notifier, kept in the rows so that a restart neither repeats nor loses what is told.

    Five failures in a row over 15 s: it rests, 5 s (or the first wait of `retry`, if that is shorter), doubling up to 60 s (or the
    longest wait of `retry`), and one attempt is made after each rest.
    One that cannot work at all rests at once. `announce` records an event with the health.
    """

    def __init__(self, name: str, *, outbox: Outbox, clock: Clock, waits: Sequence[float], announce: Announce) -> None:
        self._name = name
        self._outbox = outbox
        self._clock = clock
        self._floor = min([PAUSE_FLOOR, *waits[:1]])
        # Whoever wants every attempt soon after the last does not wait longer than that for a probe.
        self._cap = min(OUTAGE_PAUSE_CAP, max(waits, default=OUTAGE_PAUSE_CAP))
        self._announce = announce
        self._breaker: Breaker = CLOSED
        self._told: NotifierHealth | None = None
        self.disabled: str | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing speaks against trying as much as the rate allows."""
        return self.disabled is None and not self._breaker.is_open

    @property
    def resting(self) -> float:
        """Seconds for which nothing may be tried; 0 when something may."""
        return rest(self._breaker, self._clock.monotonic())

    def most(self, in_hand: int) -> int | None:
        """How many attempts may be claimed now: None for no limit, else 0 or a single probe."""
        if not self._breaker.is_open:
            return None
        return 0 if self.resting else max(0, PROBE - in_hand)

    async def load(self) -> None:
        """What was told before this daemon, or this configuration, began: it is tried again at once, by one probe."""
        if self._told is None:
            self._told = await self._outbox.health(self._name)
            if self._told.condition is not None:
                now = self._clock.monotonic()
                self._breaker = Breaker(failures=OUTAGE_FAILURES, failing_since=now - OUTAGE_SECONDS, open_until=now)

    def enable(self) -> None:
        """An operator wants it to be tried again, now."""
        self.disabled = None
        self._breaker = CLOSED

    def learn(self, outcome: Outcome) -> None:
        """An attempt has ended."""
        now = self._clock.monotonic()
        match outcome:
            case Delivered():
                self._breaker = CLOSED
            case Gone(reason=reason):
                self.disabled = reason
            case Unavailable():
                cap, floor = UNAVAILABLE_PAUSE_CAP, UNAVAILABLE_PAUSE
                self._breaker = failed(self._breaker, now=now, threshold=1, lasting=0.0, cap=cap, floor=floor)
            case Retry() | Rejected():
                self._breaker = failed(
                    self._breaker,
                    now=now,
                    threshold=OUTAGE_FAILURES,
                    lasting=OUTAGE_SECONDS,
                    cap=self._cap,
                    floor=self._floor,
                    asked=outcome.after if isinstance(outcome, Retry) else None,
                )

    async def tell(self, ended: Sequence[tuple[Outcome, float]]) -> None:
        """Announce what has changed with these attempts, in the order in which they ended, each with its time."""
        for outcome, at in ended:
            match outcome:
                case Delivered():
                    await self._recovered(at)
                case Gone(reason=reason):
                    await self._is(NotifierHealth(condition="disabled", since=at, reason=reason), at)
                case Retry(reason=reason) | Rejected(reason=reason) | Unavailable(reason=reason):
                    if self._breaker.is_open:
                        await self._is(NotifierHealth(condition="failing", since=at, reason=reason), at)

    async def _is(self, health: NotifierHealth, at: float) -> None:
        before = self._told or NotifierHealth()
        if before.condition == health.condition or (before.condition == "disabled" and self.disabled is not None):
            return
        tell = notifier_disabled if health.condition == "disabled" else notifier_failing
        await self._announce(tell(self._name, health.reason or "", now=at), health)
        self._told = health

    async def _recovered(self, at: float) -> None:
        before = self._told or NotifierHealth()
        if before.condition is None or self.disabled is not None:
            return
        await self._announce(notifier_recovered(self._name, before.reason or "", now=at), NotifierHealth())
        self._told = NotifierHealth()
