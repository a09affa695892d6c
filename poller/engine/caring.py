"""What the engine needs of the rows to go on telling until someone acts, as Protocols like those in `ports`."""

from collections.abc import Sequence
from typing import Protocol

from poller.core.batch import Batch, Progress
from poller.core.event import Event
from poller.core.tending import TendingPlan
from poller.core.work import Tended, TendedJob, Told, WatchedJob


class Care(Protocol):
    """Jobs that wait for somebody (`core.tending`). Every method is one short transaction."""

    async def due(self, source: str, route: str, plan: TendingPlan, *, now: float, limit: int) -> Sequence[TendedJob]:
        """At most `limit` jobs of which a step is due."""
        ...

    async def untended(
        self, source: str, route: str, *, after: int, limit: int
    ) -> Sequence[tuple[int, str | None, str, Event]]:
        """Watched jobs that this route never tended, behind the key `after`: key, state, class, and the event that told the state."""
        ...

    async def open(self, steps: Sequence[tuple[int, Tended]]) -> None:
        """Begin to tend these jobs, by key."""
        ...

    async def close(self, steps: Sequence[tuple[int, Tended]]) -> None:
        """Stop tending these jobs, by key."""
        ...

    async def job(self, source: str, job_id: str) -> WatchedJob:
        """One job. Raises NotFound."""
        ...

    async def tending(self, key: int) -> Sequence[tuple[str, bool]]:
        """The routes that tend a job now, and whether they have escalated."""
        ...


class Batches(Protocol):
    """How far batches are. Every method is one short transaction."""

    async def look(self, source: str) -> Sequence[tuple[Progress, Batch | None]]:
        """Every batch of the source as it is, and as it was last noticed."""
        ...

    async def notice(self, progress: Progress, before: Batch | None, after: Batch, told: Told | None) -> bool:
        """Save what was noticed, and tell it if there is something to tell; False when somebody else noticed it before."""
        ...
