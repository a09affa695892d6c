"""One event owed to one notifier: its states, and what each outcome of an attempt does to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

DeliveryState: TypeAlias = Literal["pending", "delivered", "dead", "discarded"]
# pending    owed; comes from recording an event, or from `deliveries retry`; leaves by an outcome or by `deliveries discard`
# delivered  a 2xx came; final
# dead       rejected for good, or the retries are used up; leaves only by `deliveries retry`
# discarded  an operator gave it up; leaves only by `deliveries retry`
DELIVERY_STATES: Final[tuple[DeliveryState, ...]] = get_args(DeliveryState)

RETRY_AFTER_CAP: Final = 24 * 3600.0  # seconds; a receiver cannot ask for more (INTERFACE.md section 4)
JITTER: Final = 0.2  # waits vary by this share, so that what failed together is not retried together
REASON_LIMIT: Final = 500  # characters of `last_error`


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """The receiver has accepted the event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """The attempt failed and another may do better; `after` is what the receiver asked for, in seconds from now."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """No further attempt can succeed (a 5xx of SMTP, for instance)."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """The receiver is gone (HTTP 410): the notifier is disabled, and what it is owed stays owed."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unavailable:
    """The notifier cannot work at all, whatever it is to tell (a refused password, for instance): it pauses, what it is owed does not.

    The attempt does not count: the delivery is as it was.
    """

    reason: str


Outcome: TypeAlias = Delivered | Retry | Rejected | Gone | Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One event owed to one recipient of one notifier. `attempts` counts those that ended; times are in seconds.

    `recipient` is a mail address, empty for a notifier that has one receiver.
    """

    id: int
    event_id: str
    notifier: str
    state: DeliveryState
    attempts: int
    next_attempt_at: float | None
    last_error: str | None = None
    settled_at: float | None = None
    recipient: str = ""


def settle(delivery: Delivery, outcome: Outcome, *, now: float, waits: Sequence[float], jitter: float) -> Delivery:
    """The delivery after an attempt.

    `waits` are the seconds between attempts; when they are used up the delivery is dead. `jitter` is a random number from -1 to 1.
    """
    attempts = delivery.attempts + 1
    match outcome:
        case Delivered():
            return _ended(delivery, "delivered", None, now)
        case Rejected(reason=reason):
            return _ended(delivery, "dead", reason, now)
        case Gone(reason=reason):  # still owed, and one attempt is left for when the notifier is enabled again
            return _owed(delivery, min(attempts, max(len(waits), delivery.attempts)), reason, now)
        case Unavailable(reason=reason):
            return replace(delivery, last_error=reason[:REASON_LIMIT])
        case Retry(reason=reason) if delivery.attempts >= len(waits):
            return _ended(delivery, "dead", reason, now)
        case Retry(reason=reason, after=after):
            wait = waits[delivery.attempts] * (1 + JITTER * jitter)
            return _owed(delivery, attempts, reason, now + max(wait, min(after or 0.0, RETRY_AFTER_CAP)))


def _ended(delivery: Delivery, state: DeliveryState, reason: str | None, now: float) -> Delivery:
    return replace(
        delivery,
        state=state,
        attempts=delivery.attempts + 1,
        next_attempt_at=None,
        last_error=reason and reason[:REASON_LIMIT],
        settled_at=now,
    )


def _owed(delivery: Delivery, attempts: int, reason: str, next_attempt_at: float) -> Delivery:
    return replace(
        delivery,
        attempts=attempts,
        next_attempt_at=next_attempt_at,
        last_error=reason[:REASON_LIMIT],
        settled_at=None,
    )
