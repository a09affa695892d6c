"""The vendor's limit: so many calls a second per API, whoever calls."""

import re
from dataclasses import dataclass, field
from typing import Final

from poller.errors import UsageError

_RATE: Final = re.compile(r"(?P<count>\d+(?:\.\d+)?)/(?P<unit>s|min)")
_SECONDS: Final = {"s": 1.0, "min": 60.0}


def parse_rate(text: str) -> float:
    """`20/s` or `100/min` as calls per second; raises UsageError."""
    found = _RATE.fullmatch(text.strip())
    if found is None or float(found["count"]) <= 0:
        raise UsageError(f"throttle: {text!r} is not a rate such as 20/s or 100/min")
    return float(found["count"]) / _SECONDS[found["unit"]]


@dataclass(kw_only=True, slots=True)
class Throttle:
    """`rate` calls per second of each API; a second's worth (at least one call) may come at once."""

    rate: float
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def admits(self, api: str, now: float) -> bool:
        """Takes a place for one call, or says that there is none. `now` in seconds of any steady clock."""
        full = max(1.0, self.rate)
        level, at = self._levels.get(api, (full, now))
        level = min(full, level + (now - at) * self.rate)
        admitted = level >= 1
        self._levels[api] = (level - 1 if admitted else level, now)
        return admitted
