"""What the API needs of the world, as Protocols: the edges fit by shape, and the type checker proves it in `daemon`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from poller.core.batch import Progress
from poller.core.crew import Member
from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.listing import (
    DeliveryCount,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryRow,
    EventFilter,
    EventRow,
    JobCount,
    JobDetail,
    JobFilter,
    JobRow,
)
from poller.core.plan import Plan
from poller.core.silence import NewSilence, Silence
from poller.core.work import SourceHealth


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """A source at work. `rate` is its budget, `allowed` what is left of it while the upstream throttles (requests a second).

    `plan` is None before the first; `listed` is how many jobs the upstream's list has, None while that is not known.
    """

    name: str
    rate: float
    allowed: float
    plan: Plan | None
    listed: int | None


class Controls(Protocol):
    """The running daemon."""

    def sources(self) -> Sequence[str]:
        """The names under `[sources]`."""
        ...

    def notifiers(self) -> Sequence[str]:
        """The names under `[notifiers]`."""
        ...

    def jobs_changed(self, source: str) -> None:
        """Jobs of this source were added, or are due at another time than before."""
        ...

    def deliveries_changed(self, notifiers: Sequence[str]) -> None:
        """Deliveries were put back to pending: a notifier that an answer 410 disabled is tried again."""
        ...

    async def acknowledge(self, source: str, job_id: str, author: str, comment: str | None) -> None:
        """Somebody takes care of the job while it stays in its state. Raises NotFound."""
        ...

    async def send_test(self, notifier: str) -> Event:
        """Record a `test` event that is owed to this notifier only."""
        ...

    async def prune(self) -> int:
        """Delete rows that are older than the configuration keeps them, a bounded number; returns how many."""
        ...

    def health(self) -> tuple[bool, str]:
        """Whether every loop makes progress, and if not, which does not."""
        ...

    def myself(self) -> Member:
        """This daemon, as others see it where several share a database."""
        ...

    def missing(self) -> Sequence[str]:
        """What is not there, or no longer, of what makes the daemon ready, in words; empty once it is."""
        ...

    def source_states(self) -> Sequence[SourceState]:
        """Every source, as it works now."""
        ...

    def disabled(self) -> Mapping[str, str | None]:
        """Every notifier, with the reason if an answer 410 has disabled it."""
        ...

    def failing(self) -> Sequence[str]:
        """The notifiers to which attempts fail one after the other, and those that are disabled."""
        ...

    def status(self) -> Mapping[str, Json]:
        """What runs."""
        ...


class Registry(Protocol):
    """Which jobs are watched. Every method is one short transaction."""

    async def add(
        self,
        source: str,
        job_ids: Sequence[str],
        *,
        now: float,
        labels: Mapping[str, str] | None = None,
        app_user_id: str | None = None,
    ) -> int:
        """Watch these jobs at an operator's request; returns how many were not watched before."""
        ...

    async def remove(self, source: str, job_id: str, *, now: float) -> None:
        """Watch the job no more, whoever asked for it; its history stays. Raises NotFound."""
        ...

    async def pause(self, source: str, job_id: str) -> None:
        """Stop polling the job until it is resumed. Raises NotFound."""
        ...

    async def resume(self, source: str, job_id: str) -> None:
        """Poll a paused job again. Raises NotFound."""
        ...

    async def poll_now(self, source: str, job_id: str, *, now: float) -> None:
        """Make the job due at once, also one that was forgotten. Raises NotFound, and UsageError for a paused job."""
        ...


class Archive(Protocol):
    """Lists, in pages that are short reads of their own."""

    async def jobs(self, wanted: JobFilter, *, after: int, limit: int) -> Sequence[JobRow]:
        """Jobs in the order in which they were added; `after` is the `key` of the last one of the page before."""
        ...

    async def job(self, source: str, job_id: str) -> JobDetail:
        """All that is known of a job, also of a removed one. Raises NotFound."""
        ...

    async def events(
        self, wanted: EventFilter, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Sequence[EventRow]:
        """Newest first, beginning before the position `before`; with `after` in the order of commits, to follow them."""
        ...

    async def deliveries(
        self, wanted: DeliveryFilter, *, before: int | None = None, limit: int
    ) -> Sequence[DeliveryRow]:
        """Newest first; `before` is the `id` of the last one of the page before."""
        ...

    async def delivery(self, id_: int) -> DeliveryDetail:
        """One delivery with its event. Raises NotFound."""
        ...

    async def daemons(self) -> Sequence[Member]:
        """The daemons that share the database; none on SQLite."""
        ...

    async def silences(self, *, before: int | None, limit: int) -> Sequence[Silence]:
        """Newest first, those that are over too; `before` is the `id` of the last one of the page before."""
        ...

    async def batches(self, source: str) -> Sequence[Progress]:
        """How far the batches of a source are, by name."""
        ...

    async def overdue(self, source: str, *, now: float) -> int:
        """How many polls of the source are overdue."""
        ...

    async def count_jobs(self, *, now: float) -> Sequence[JobCount]:
        """Watched jobs by source and state."""
        ...

    async def count_deliveries(self) -> Sequence[DeliveryCount]:
        """What is pending and dead, by notifier."""
        ...

    async def health(self, source: str) -> SourceHealth:
        """Whether the source is told as blind."""
        ...

    async def last_position(self) -> int:
        """The position of the newest event, 0 when there is none."""
        ...

    async def disk(self) -> tuple[int, int]:
        """Bytes of the database and of its journal, which is 0 where the server keeps it."""
        ...


class Silences(Protocol):
    """Of what nobody is told for a time. Every method is one short transaction."""

    async def add(self, new: NewSilence, *, now: float) -> Silence:
        """From now on."""
        ...

    async def expire(self, ids: Sequence[int], *, now: float) -> int:
        """End these now; returns how many were lasting. Raises NotFound for one that never was."""
        ...


class Outbox(Protocol):
    """What an operator may do to deliveries."""

    async def count(self, wanted: DeliveryFilter) -> int:
        """How many deliveries the filter picks."""
        ...

    async def retry(self, wanted: DeliveryFilter, *, now: float) -> int:
        """Make those that are dead, pending or discarded due at once, with a fresh schedule of retries; returns how many."""
        ...

    async def discard(self, wanted: DeliveryFilter, *, now: float) -> int:
        """Give up those that are pending or dead; returns how many."""
        ...
