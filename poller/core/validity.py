"""How long a credential lasts, as far as that is known: what can be told before jobs suffer."""

from dataclasses import dataclass
from typing import Final, TypeAlias

NOTICE: Final = 3600.0  # seconds before its end at which a credential counts as ending


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """It works now, ends `at` (seconds), and nothing new is to be had so far; `reason` says why."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Lasting:
    """It does not end soon, as far as is known, or it is renewed in time."""


Validity: TypeAlias = Ending | Lasting
LASTING: Final = Lasting()


def until(ends_at: float | None, reason: str, *, now: float) -> Validity:
    """Of a credential that only the operator renews: it counts as ending for the last `NOTICE` seconds, and after its end."""
    return LASTING if ends_at is None or now < ends_at - NOTICE else Ending(at=ends_at, reason=reason)
