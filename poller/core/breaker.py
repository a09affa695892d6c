"""When to stop asking, and when to try again: one circuit breaker as a value."""

from dataclasses import dataclass, replace
from typing import Final

OUTAGE_FAILURES: Final = 5  # polls or attempts in a row that failed ...
OUTAGE_SECONDS: Final = 15.0  # ... over at least this long, before a source or a notifier counts as away
PAUSE_FLOOR: Final = 5.0  # seconds before the first probe
OUTAGE_PAUSE_CAP: Final = 60.0  # seconds between probes of an upstream or a receiver that is down
CREDENTIAL_FAILURES: Final = 3  # more than 5 in a row lock a key for 5 minutes (FACTS.md): stop well before
CREDENTIAL_PAUSE_CAP: Final = 1800.0  # seconds between probes with a refused credential


@dataclass(frozen=True, kw_only=True, slots=True)
class Breaker:
    """Failures in a row and what follows from them.

    `failing_since` is the first failure of the row; `open_until` is the instant before which nothing may be tried, None while
    closed; `pause` is the length of the last rest. Times in seconds.
    """

    failures: int = 0
    failing_since: float | None = None
    open_until: float | None = None
    pause: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it has tripped and no success has closed it since; a probe is allowed once `open_until` has passed."""
        return self.open_until is not None

    def moved(self, seconds: float) -> "Breaker":
        """The same on a clock that is so many seconds ahead."""
        since, until = self.failing_since, self.open_until
        return replace(
            self,
            failing_since=None if since is None else since + seconds,
            open_until=None if until is None else until + seconds,
        )


CLOSED: Final = Breaker()


def failed(
    breaker: Breaker,
    *,
    now: float,
    threshold: int,
    lasting: float,
    cap: float,
    floor: float = PAUSE_FLOOR,
    asked: float | None = None,
) -> Breaker:
    """After one more failure: trips at `threshold` failures in a row over `lasting` seconds, then rests `floor` seconds, doubling up
    to `cap`.

    A failure that arrives during a rest was under way when it began: it is counted, and the rest grows only if more was asked for.
    `asked` is how long the other side asked to be left alone, in seconds: an open breaker rests at least that long.
    """
    since = now if breaker.failing_since is None else min(breaker.failing_since, now)
    more = replace(breaker, failures=breaker.failures + 1, failing_since=since)
    if more.failures < threshold or now - since < lasting:
        return more
    if breaker.open_until is not None and now < breaker.open_until:
        return replace(more, open_until=max(breaker.open_until, now + (asked or 0.0)))
    pause = min(max(floor, breaker.pause * 2), cap)
    return replace(more, pause=pause, open_until=now + max(pause, asked or 0.0))


def rest(breaker: Breaker, now: float) -> float:
    """Seconds until a request may be tried: 0 while closed, and once a probe is due."""
    if breaker.open_until is None:
        return 0.0
    return max(0.0, breaker.open_until - now)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What all daemons together know of a credential: the times of `breaker` are seconds from now; `reason` is the last refusal."""

    breaker: Breaker = CLOSED
    reason: str = ""
