"""What a world asks of a job, be it living by its script (`living`) or moved by hand (`placed`)."""

from typing import Any, Protocol

from poller.simulator.answers import Document
from poller.simulator.truth import JobTruth


class Job(Protocol):
    """`at` is the vendor's time in seconds since 1970, and not before `created_at`."""

    @property
    def job_id(self) -> str:
        """As in the calls' answers."""
        ...

    @property
    def created_at(self) -> int:
        """From when on it is there, vendor's time."""
        ...

    @property
    def voice_id(self) -> str | None:
        """The voice training job that it names."""
        ...

    def version(self, at: float) -> int:
        """A number that changes whenever the answers do."""
        ...

    def state(self, at: float) -> Any:
        """The state alone, cheaply; of any type when it was put so by hand."""
        ...

    def item(self, at: float) -> Document:
        """The list item."""
        ...

    def document(self, at: float) -> Document:
        """The detail answer."""
        ...

    def truth(self, at: float) -> JobTruth:
        """What has happened so far, absences excepted."""
        ...
