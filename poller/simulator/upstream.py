"""What a simulator serves, as a shape: `World` and `SteadyWorld` fit."""

from typing import Protocol

from poller.simulator.answers import Template
from poller.simulator.query import Query
from poller.simulator.truth import JobTruth


class Upstream(Protocol):
    """One project's jobs, as they are at the moment of each call."""

    project_id: str

    def detail(self, job_id: str) -> Template | None:
        """The detail answer, unsigned; None when there is no such job."""
        ...

    def page(self, query: Query) -> Template:
        """The list answer, unsigned."""
        ...

    def ids(self) -> list[str]:
        """The jobs that are there, in order of creation."""
        ...

    def truths(self) -> dict[str, JobTruth]:
        """What really happened to every job."""
        ...
