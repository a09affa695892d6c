"""How often what happened, for tests, audits and the summary of a rehearsal."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class Counters:
    """How often: `requests` by API (detail, list, iam, control, other), `statuses`, `faults` and `refusals` by kind."""

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def throttled(self) -> int:
        """Calls refused by the limit itself, faults of kind 429 not among them."""
        return self.refusals["APIG.0308"]

    def families(self) -> dict[str, dict[str, int]]:
        """For JSON."""
        return {
            "requests": dict(self.requests),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "faults": dict(self.faults),
            "refusals": dict(self.refusals),
        }
