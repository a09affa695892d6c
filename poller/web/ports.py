"""What the API needs of the world, as Protocols: the edges fit by shape, and the type checker proves it in `daemon`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.listing import DeliveryFilter, DeliveryRow, EventFilter, EventRow, JobDetail, JobFilter, JobRow


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

    async def send_test(self, notifier: str) -> Event:
        """Record a `test` event that is owed to this notifier only."""
        ...

    def health(self) -> tuple[bool, str]:
        """Whether every loop makes progress, and if not, which does not."""
        ...

    def status(self) -> Mapping[str, Json]:
        """What runs."""
        ...


class Registry(Protocol):
    """Which jobs are watched. Every method is one short transaction."""

    async def add(
        self, source: str, job_ids: Sequence[str], *, labels: Mapping[str, str], app_user_id: str | None, now: float
    ) -> int:
        """Watch these jobs at an operator's request; returns how many were not watched before."""
        ...

    async def remove(self, source: str, job_id: str, *, now: float) -> bool:
        """Watch the job no longer, whoever asked for it; its history stays. False when it is not there."""
        ...

    async def pause(self, source: str, job_id: str) -> bool:
        """Poll the job no more until it is resumed. False when it is not there."""
        ...

    async def resume(self, source: str, job_id: str, *, now: float) -> bool:
        """Poll a paused job again, at once. False when it is not there."""
        ...

    async def poll_now(self, source: str, job_id: str, *, now: float) -> bool:
        """Make the job due at once, a forgotten one too. False when it is not there."""
        ...


class Archive(Protocol):
    """Lists, in pages: each begins after the key of the last row of the one before."""

    async def jobs(self, which: JobFilter, *, after: int, limit: int) -> Sequence[JobRow]:
        """Jobs by `key`."""
        ...

    async def job(self, source: str, job_id: str) -> JobDetail | None:
        """All that is known of one job."""
        ...

    async def events(self, which: EventFilter, *, after: int, limit: int) -> Sequence[EventRow]:
        """Events by `position`, that is, in the order in which they were committed."""
        ...

    async def deliveries(self, which: DeliveryFilter, *, after: int, limit: int) -> Sequence[DeliveryRow]:
        """Deliveries by `id`."""
        ...


class Outbox(Protocol):
    """What an operator may do to deliveries."""

    async def count(self, which: DeliveryFilter) -> int:
        """How many deliveries the filter picks."""
        ...

    async def retry(self, which: DeliveryFilter, *, now: float) -> Sequence[str]:
        """Make them pending and due at once, with fresh attempts; returns the notifier of each."""
        ...

    async def discard(self, which: DeliveryFilter, *, now: float) -> Sequence[str]:
        """Give them up; returns the notifier of each."""
        ...
