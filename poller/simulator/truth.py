"""What really happened upstream, job by job: the measure for everything that is told. Times come twice: vendor's and real."""

from dataclasses import dataclass
from typing import Final

import msgspec

DELETED: Final = "deleted"
RESTORED: Final = "restored"


@dataclass(frozen=True, kw_only=True, slots=True)
class StateTruth:
    """The job entered `state` at `at` (vendor's clock), which was `real_at` (this machine's), both seconds since 1970."""

    state: str
    at: float
    real_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryTruth:
    """A line of the operation log, with what identifies it as the vendor wrote it, and when it could first be read."""

    operate_time: str | None
    log_type: str | None
    operate_user: str | None
    real_at: float
    log_description: str | None = None
    error_code: str | None = None

    @property
    def key(self) -> tuple[str | None, str | None, str | None]:
        """Time, type and operator identify an entry (INTERFACE.md section 9)."""
        return self.operate_time, self.log_type, self.operate_user


@dataclass(frozen=True, kw_only=True, slots=True)
class CommentTruth:
    """A line of the comment log."""

    operate_time: str | None
    comment_type: str | None
    real_at: float

    @property
    def key(self) -> tuple[str | None, str | None]:
        """A `commented` event names these two."""
        return self.operate_time, self.comment_type


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """`what` happened (deleted, restored) at the real time `real_at`."""

    what: str
    real_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class JobTruth:
    """A job's whole story so far. Entries are in the vendor's order; equal ones stand as often as the log has them."""

    job_id: str
    name: str | None
    states: tuple[StateTruth, ...]
    entries: tuple[EntryTruth, ...]
    comments: tuple[CommentTruth, ...] = ()
    absences: tuple[Absence, ...] = ()

    @property
    def final_state(self) -> str | None:
        """The state it is in now; None for a job that does not exist yet."""
        return self.states[-1].state if self.states else None

    @property
    def deleted(self) -> bool:
        """It is not there at the moment."""
        return bool(self.absences) and self.absences[-1].what == DELETED


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What `/simulator/truth` answers. `counters` are by family (requests, statuses, faults, refusals), then by kind."""

    now: float
    jobs: dict[str, JobTruth]
    counters: dict[str, dict[str, int]]


def encode(report: Report) -> bytes:
    """As JSON."""
    return msgspec.json.encode(report)


def decode(data: bytes) -> Report:
    """Back from JSON; raises msgspec.MsgspecError on anything else."""
    return msgspec.json.decode(data, type=Report)
