"""A table below [sources]: one account, project and region of an upstream job API."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, Field

from poller.config.auth import AuthConfig, Endpoint
from poller.config.fields import ChosenBy, Rate, Text, Whole, duration
from poller.config.problem import Problem, repeated
from poller.config.table import Table, key, optional
from poller.core.vocabulary import StateClass

# Named as examples only: the vendor may open others (FACTS.md).
KNOWN_REGIONS: Final = ("cn-north-4", "cn-east-3", "ap-southeast-3")

# A job id becomes one segment of a URL's path: nothing in it may end the segment or walk up from it.
JOB_ID_PATTERN: Final = r"[A-Za-z0-9_][A-Za-z0-9._:~-]{0,199}"
JOB_ID_FORM: Final = "a job id: 1 to 200 letters, digits and . _ : ~ -, starting with a letter, a digit or _"
_REGION_PATTERN: Final = "[a-z]{2,}(?:-[a-z0-9]+){1,4}"

JobId: TypeAlias = Annotated[str, Text(pattern=JOB_ID_PATTERN, allowed=JOB_ID_FORM)]
Region: TypeAlias = Annotated[
    str | None,
    Text(
        pattern=_REGION_PATTERN, allowed=f"a region such as {', '.join(KNOWN_REGIONS)}; for anything else use endpoint"
    ),
]
ProjectId: TypeAlias = Annotated[
    str, Text(pattern="[A-Za-z0-9][A-Za-z0-9_-]{0,63}", allowed="a project id: up to 64 letters, digits, _ and -")
]
AppUserId: TypeAlias = Annotated[
    str | None,
    Text(
        pattern="[!-~](?:[ -~]{0,254}[!-~])?",
        allowed="1 to 256 printable ASCII characters, no Chinese ones, no spaces at the ends",
    ),
]
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


class SourceConfig(Table):
    """One account, project and region of an upstream job API.

    `endpoint` is always set in a source that was read from a file; `region` is not.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["region"]}, {"required": ["endpoint"]}]})

    kind: Literal["metastudio-avatar"] = key(meaning="metastudio-avatar: avatar training jobs of MetaStudio")
    region: Region = optional(meaning="the region of the API; exactly one of region and endpoint")
    endpoint: Endpoint = optional(meaning="the URL of the API; exactly one of region and endpoint")
    project_id: ProjectId = key(meaning="the project that the jobs belong to")
    app_user_id: AppUserId = optional(meaning="sent as X-App-UserId")
    auth: Annotated[AuthConfig, ChosenBy("method")] = key(meaning="a table with method = aksk, token or password")
    jobs: tuple[JobId, ...] = key([], meaning="jobs watched from the start", json_schema_extra={"uniqueItems": True})
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
    keep_fields: tuple[FieldName, ...] = key([], meaning="fields kept besides the default ones")

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Exactly one of region and endpoint; somewhere to fetch a token; nothing twice."""
        region, endpoint, auth = raw.get("region"), raw.get("endpoint"), raw.get("auth")
        if region is not None and endpoint is not None:
            yield Problem(
                where=("endpoint",), text="found both region and endpoint; allowed: exactly one of the two, remove one"
            )
        if region is None and endpoint is None:
            yield Problem(where=("region",), text="found neither region nor endpoint; expected exactly one of the two")
        if region is None and isinstance(auth, dict) and auth.get("method") == "password" and "endpoint" not in auth:
            text = "found nothing, the key is missing; expected the URL where tokens are fetched, as there is no region to derive it from"
            yield Problem(where=("auth", "endpoint"), text=text)
        yield from repeated(raw, "jobs")
        yield from repeated(raw, "keep_fields")

    @classmethod
    def complete(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """The endpoints that follow from the region (FACTS.md)."""
        region, auth = raw.get("region"), raw.get("auth")
        if not isinstance(region, str) or not re.fullmatch(_REGION_PATTERN, region):
            return raw
        if isinstance(auth, dict) and auth.get("method") == "password":
            auth = {"endpoint": f"https://iam.{region}.myhuaweicloud.com", **auth}
        derived = {"endpoint": f"https://metastudio.{region}.myhuaweicloud.com"}
        return derived | raw | ({"auth": auth} if auth is not None else {})
