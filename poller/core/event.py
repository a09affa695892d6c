"""The immutable record of a transition, or of something the daemon itself noticed (INTERFACE.md section 5)."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from poller.core.jsonvalue import JsonObject

EventType: TypeAlias = Literal[
    "poller.job.state_changed",
    "poller.job.operation_logged",
    "poller.job.commented",
    "poller.job.watched",
    "poller.job.reopened",
    "poller.job.stuck",
    "poller.job.missing",
    "poller.job.found",
    "poller.job.reminder",
    "poller.job.escalated",
    "poller.job.acknowledged",
    "poller.source.blind",
    "poller.source.recovered",
    "poller.source.expiring",
    "poller.source.renewed",
    "poller.notifier.failing",
    "poller.notifier.disabled",
    "poller.notifier.recovered",
    "poller.batch.done",
    "poller.test",
]
EVENT_TYPES: Final[tuple[EventType, ...]] = get_args(EventType)

# What each type is called in an `on` pattern: `state:TRAINING`, `job:MISSING`, `source:BLIND`.
FAMILIES: Final[Mapping[EventType, str]] = {
    "poller.job.state_changed": "state",
    "poller.job.operation_logged": "operation",
    "poller.job.commented": "comment",
    "poller.job.watched": "job",
    "poller.job.reopened": "job",
    "poller.job.stuck": "job",
    "poller.job.missing": "job",
    "poller.job.found": "job",
    "poller.job.reminder": "job",
    "poller.job.escalated": "job",
    "poller.job.acknowledged": "job",
    "poller.source.blind": "source",
    "poller.source.recovered": "source",
    "poller.source.expiring": "source",
    "poller.source.renewed": "source",
    "poller.notifier.failing": "notifier",
    "poller.notifier.disabled": "notifier",
    "poller.notifier.recovered": "notifier",
    "poller.batch.done": "batch",
    "poller.test": "test",
}


class Event(NamedTuple):
    """One event, complete: what a notifier needs to tell it is in here, so every attempt tells the same.

    `job_id` and `sequence` are None for an event without a job. `time` is RFC 3339: the vendor's where there is one, else the time
    of observation; `observed_at` is in seconds. `data` is the CloudEvent's `data` object, perhaps still as it was written
    (`core.jsonvalue.Written`): whoever wants it as JSON takes `core.message.cloud_event`. A tuple: one is made per transition, and
    one per delivery of it.
    """

    id: str
    type: EventType
    transition: str
    source: str
    subject: str
    job_id: str | None
    sequence: int | None
    time: str
    observed_at: float
    data: JsonObject

    @property
    def family(self) -> str:
        """The prefix that narrows an `on` pattern to events like this one."""
        return FAMILIES[self.type]
