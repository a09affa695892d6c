"""The daemons that share one database, as one of them knows them: how much of the work is its own."""

from dataclasses import dataclass, replace
from typing import Final

from poller.core.breaker import CREDENTIAL_FAILURES


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """`daemons` are alive, this one among them; `rank` counts those that were there before it, from 0.

    `joined`: all others have noticed this one, so that none of them still counts without it.
    """

    daemons: int = 1
    rank: int = 0
    joined: bool = True

    @property
    def share(self) -> float:
        """The part of what is not claimed row by row that is for this daemon."""
        return 1.0 / self.daemons if self.joined else 0.0

    @property
    def places(self) -> int:
        """Requests that this daemon may have under way with a credential of which nothing is known.

        All daemons together have `CREDENTIAL_FAILURES`: so many may fail together before anybody notices. A later one than that has
        none, and leaves the asking to the others.
        """
        if not self.joined:
            return 0
        return len(range(self.rank, CREDENTIAL_FAILURES, self.daemons))

    @property
    def asking(self) -> "Crew":
        """Those of them that ask with a credential which all share, as this one sees it; away, if it has no place for a request."""
        return replace(self, daemons=min(self.daemons, CREDENTIAL_FAILURES)) if self.places else AWAY


ALONE: Final = Crew()
AWAY: Final = Crew(joined=False)
"""A daemon that begins nothing: the others may believe it dead, for so long it has not been heard of, or do the work alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A daemon as others see it. `jobs` and `deliveries` are how many rows it held at its last beat, `chores` what it does for all.

    Times in seconds; `alive` until `lease` seconds after `beat_at`.
    """

    id: str
    host: str
    pid: int
    version: str
    started_at: float
    beat_at: float
    lease: float
    alive: bool
    jobs: int = 0
    deliveries: int = 0
    chores: tuple[str, ...] = ()
