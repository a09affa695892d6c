"""What is known of a watched job when a poll of it is compared."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from poller.core.snapshot import Snapshot
from poller.core.vocabulary import StateClass

Classify: TypeAlias = Callable[[str | None], StateClass]
_NO_COUNTS: Final[Mapping[str, int]] = {}


class Subject(NamedTuple):
    """The job that events are about: its name (source, job id), its labels, and how its source classes states."""

    source: str
    job_id: str
    labels: Mapping[str, str]
    classify: Classify


class Known(NamedTuple):
    """All that the next comparison needs to know of the past.

    `snapshot` is None until the first successful poll; its log is the union of what was ever seen. `sequence` is the number of the
    job's last event. `state_since` is when this state was first observed (seconds). `counts` says how often each numbered
    transition (``state_changed:TRAINING``, ``reopened``, ``missing``) was told; it makes ids that repeat after a restored backup.
    A tuple: a poll with news makes three.
    """

    snapshot: Snapshot | None = None
    sequence: int = 0
    state_since: float = 0.0
    counts: Mapping[str, int] = _NO_COUNTS
    missing: bool = False


NEVER_SEEN = Known()
