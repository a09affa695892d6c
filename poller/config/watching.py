"""What every table below [sources] has, whatever its kind: which jobs are watched, how often, and within which budget."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from poller.config.discover import Discover, OnOffOrTable
from poller.config.fields import Rate, Text, Whole, duration
from poller.config.problem import Problem, repeated
from poller.config.stay import Stay
from poller.config.table import CLOSED, Table, key
from poller.core.vocabulary import StateClass

# A job id becomes one segment of a URL's path: nothing in it may end the segment or walk up from it.
JOB_ID_PATTERN: Final = r"[A-Za-z0-9_][A-Za-z0-9._:~-]{0,199}"
JOB_ID_FORM: Final = "a job id: 1 to 200 letters, digits and . _ : ~ -, starting with a letter, a digit or _"

JobId: TypeAlias = Annotated[str, Text(pattern=JOB_ID_PATTERN, allowed=JOB_ID_FORM)]
FieldName: TypeAlias = Annotated[
    str, Text(pattern="[A-Za-z][A-Za-z0-9_]{0,63}", allowed="the name of a field of the upstream's answer")
]
Interval: TypeAlias = Annotated[float, duration("10ms", "30d")]


def check_job_id(text: str) -> str:
    """The job id itself. Raises ValueError with what is allowed: for the command line and the control socket."""
    if not re.fullmatch(JOB_ID_PATTERN, text):
        raise ValueError(JOB_ID_FORM)
    return text


class Every(Table):
    """How long after a poll the next one is due, by the class of the job's state.

    Seconds.
    """

    active: Interval = key("30s", meaning="machines work or queue")
    waiting_on_us: Interval = key("2m", meaning="a person on the user's side must act")
    waiting_on_vendor: Interval = key("2m", meaning="the vendor's staff must act")
    failed: Interval = key("5m", meaning="stopped; can often be resubmitted")
    done: Interval = key("1h", meaning="done, yet may be reopened")
    unknown: Interval = key("1m", meaning="a state that is not known")

    def of(self, state_class: StateClass) -> float:
        """The interval of one class."""
        interval: float = getattr(self, state_class)
        return interval


class Watching(Table):
    """The part that all kinds of sources share."""

    jobs: tuple[JobId, ...] = key([], meaning="jobs watched from the start", json_schema_extra={"uniqueItems": True})
    discover: Annotated[Discover | None, OnOffOrTable()] = key(
        False, meaning="true: watch every job that the upstream lists; or a table that says which ones"
    )
    sweep: Literal["auto", "list", "detail"] = key(
        "auto", meaning="how states are read: list pages, one call per job, or whichever costs fewer requests"
    )
    rate: Rate = key("5/s", meaning="request budget, all calls of this source together")
    concurrency: Annotated[int, Whole(1, 1000)] = key(16, meaning="requests under way at once")
    timeout: Annotated[float, duration("1ms", "10m")] = key("10s", meaning="how long one request may take")
    every: Every = Field(
        default_factory=Every, description="time between two polls of a job, by the class of its state"
    )
    forget_done_after: Annotated[float, duration("10ms", "36500d")] = key(
        "7d", meaning="a job done this long is no longer polled"
    )
    first_sight: Literal["silent", "summary", "all"] = key(
        "summary", meaning="what a job's first poll tells: silent, summary or all"
    )
    stuck_after: Mapping[Stay, Annotated[float, duration("10ms", "36500d")]] = key(
        {},
        meaning="how long a job may stay in a state, by state or by class, before it is told to be stuck",
        max_length=200,
        json_schema_extra=CLOSED,
    )

    @property
    def address(self) -> str:
        """Where the upstream is, as it may be shown."""
        return str(getattr(self, "kind", "the upstream"))

    @property
    def proof(self) -> str:
        """How poller proves who it is, as it may be shown."""
        return "its own credentials"

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Nothing twice."""
        yield from super().across(raw)
        yield from repeated(raw, "jobs")
