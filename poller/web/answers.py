"""What the API answers, as types. They describe; the handlers make the same from rows, and a test compares the two."""

from typing import Annotated, Any, Final, Literal

import msgspec

from poller.core.batch import Progress
from poller.core.crew import Member
from poller.core.listing import DeliveryRow, JobRow
from poller.web.shape import Instant, Object, page_of, shape, whole_of

HTML: Final = "text/html"
EVENT_STREAM: Final = "text/event-stream"
METRICS: Final = "text/plain"


class CloudEvent(msgspec.Struct, kw_only=True):
    """An event as notifiers are told it: CloudEvents 1.0, structured mode."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: Instant
    datacontenttype: Literal["application/json"]
    data: Object
    sequence: str | msgspec.UnsetType = msgspec.UNSET


class PlacedEvent(CloudEvent, kw_only=True):
    """An event with its place in the order in which events were committed."""

    position: int


class Added(msgspec.Struct, kw_only=True):
    """How many of the jobs were not watched before, and how many were."""

    added: int
    watched_before: int


class Count(msgspec.Struct):
    """How many rows it concerns."""

    count: int


class Reason(msgspec.Struct):
    """What was wrong; `place` is the field, parameter or path that is meant."""

    message: str
    place: str | None


class Refusal(msgspec.Struct):
    """The answer to every request that is not fulfilled."""

    error: Reason


class Health(msgspec.Struct):
    """Whether all is as it should be; if not, `reason` says what is not."""

    ok: bool
    reason: str


class Status(msgspec.Struct):
    """What runs. `disabled` has the reason for each notifier that an answer 410 disabled.

    `overdue` is null while the database cannot say.
    """

    sources: list[str]
    notifiers: list[str]
    disabled: dict[str, str | None]
    plans: dict[str, Object | None]
    overdue: dict[str, int] | None


class Tested(msgspec.Struct):
    """The event that was made; its delivery follows."""

    event_id: str
    event: CloudEvent


Document = Annotated[dict[str, Any], msgspec.Meta(description="an OpenAPI 3.1 document")]
Job: Final = shape(JobRow, "Job")
JobDetail: Final = shape(JobRow, "JobDetail", snapshot=Object | None)
Delivery: Final = shape(DeliveryRow, "Delivery")
DeliveryDetail: Final = shape(DeliveryRow, "DeliveryDetail", event=CloudEvent)
Daemon: Final = shape(Member, "Daemon")
Daemons: Final = whole_of(Daemon, "Daemons")
Jobs: Final = page_of(Job, "Jobs")
Events: Final = page_of(PlacedEvent, "Events")
Deliveries: Final = page_of(Delivery, "Deliveries")
Batch: Final = shape(Progress, "Batch", jobs=int, ended=int, share=float, done=bool)
Batches: Final = page_of(Batch, "Batches")


class Silence(msgspec.Struct, kw_only=True):
    """Of what nobody is told for a time; an empty matcher matches all."""

    id: int
    author: str
    comment: str
    starts_at: Instant
    ends_at: Instant
    job_ids: list[str]
    on: list[str]
    sources: list[str]
    batch_names: list[str]
    tags: list[str]
    names: list[str]
    labels: dict[str, str]
    classes: list[str]
    operators: list[str]


Silences: Final = page_of(Silence, "Silences")
