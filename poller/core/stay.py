"""How long jobs stay in a state: what is usual, and how unusual one stay is."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from poller.core.jsonvalue import Json

ENOUGH: Final = 5  # earlier stays before anything is called usual


@dataclass(frozen=True, kw_only=True, slots=True)
class Usual:
    """What `stays` earlier stays in a state took: the median and the 95th percentile, in seconds."""

    p50: float
    p95: float
    stays: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """A stay in a state that is longer than `limit`. `longer_share` is the share of earlier stays that were longer still."""

    state: str
    seconds: float
    limit: float
    usual: Usual | None = None
    longer_share: float | None = None

    def as_json(self) -> dict[str, Json]:
        """As an event carries it."""
        usual = (
            None if self.usual is None else {"p50": self.usual.p50, "p95": self.usual.p95, "stays": self.usual.stays}
        )
        return {
            "state": self.state,
            "seconds_in_state": round(self.seconds, 3),
            "limit": self.limit,
            "usual": usual,
            "longer_share": self.longer_share,
        }


def usual_of(stays: Sequence[float]) -> Usual | None:
    """What is usual, by the nearest-rank method; None when too few stays are known."""
    if len(stays) < ENOUGH:
        return None
    ordered = sorted(stays)
    return Usual(p50=_rank(ordered, 0.5), p95=_rank(ordered, 0.95), stays=len(ordered))


def stay_of(state: str, seconds: float, *, limit: float, earlier: Sequence[float]) -> Stay:
    """A stay held against the earlier ones."""
    usual = usual_of(earlier)
    if usual is None:
        return Stay(state=state, seconds=seconds, limit=limit)
    longer = len(earlier) - bisect_left(sorted(earlier), seconds)
    return Stay(state=state, seconds=seconds, limit=limit, usual=usual, longer_share=round(longer / len(earlier), 3))


def limit_for(state: str | None, state_class: str, limits: Mapping[str, float]) -> float | None:
    """Seconds after which a job counts as stuck: the limit of its state, else that of its class, else never."""
    return limits.get(state or "", limits.get(state_class))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[math.ceil(share * len(ordered)) - 1]
