"""What is read from a request before anything is decided: which API, for whom, with which parameters."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from aiohttp import web

IAM_PATH: Final = "/v3/auth/tokens"
CONTROL_PREFIX: Final = "/simulator/"
_JOBS: Final = ["digital-human-training-manage", "user", "jobs"]
_VOICES: Final = ["voice-training-manage", "user", "jobs"]
_LIST_PARTS: Final = 6
_DETAIL_PARTS: Final = 7
_LOG_PARTS: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The API that a path names: detail, list, those of voices with `voice-` before them, voice-log, iam, control or other."""

    api: str
    project_id: str = ""
    job_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call that arrived, for tests that look at how it was made. `at` is real time; `auth` is token, signature or none."""

    api: str
    job_id: str
    target: str = field(repr=False)
    at: float
    auth: str
    app_user_id: str | None
    status: int


def route_of(request: web.BaseRequest) -> Route:
    """Reads the raw path: nothing is normalised on the way."""
    path = request.raw_path.partition("?")[0]
    parts = path.split("/")
    if parts[1:2] == ["v1"] and parts[3:6] == _JOBS:
        if len(parts) == _LIST_PARTS:
            return Route(api="list", project_id=unquote(parts[2]))
        if len(parts) == _DETAIL_PARTS and parts[6]:
            return Route(api="detail", project_id=unquote(parts[2]), job_id=unquote(parts[6]))
    if parts[1:2] == ["v1"] and parts[3:6] == _VOICES:
        return _voice_route(parts)
    if path == IAM_PATH and request.method == "POST":
        return Route(api="iam")
    return Route(api="control" if path.startswith(CONTROL_PREFIX) else "other")


def _voice_route(parts: list[str]) -> Route:
    project_id = unquote(parts[2])
    if len(parts) == _LIST_PARTS:
        return Route(api="voice-list", project_id=project_id)
    if len(parts) == _DETAIL_PARTS and parts[6]:
        return Route(api="voice-detail", project_id=project_id, job_id=unquote(parts[6]))
    if len(parts) == _LOG_PARTS and parts[6] and parts[7] == "op-logs":
        return Route(api="voice-log", project_id=project_id, job_id=unquote(parts[6]))
    return Route(api="other")


def call_of(request: web.BaseRequest, route: Route, status: int) -> Call:
    """What is remembered of a call; no credential is."""
    headers = request.headers
    auth = "token" if "X-Auth-Token" in headers else "signature" if "Authorization" in headers else "none"
    return Call(
        api=route.api,
        job_id=route.job_id,
        target=request.raw_path,
        at=time.time(),
        auth=auth,
        app_user_id=headers.get("X-App-UserId"),
        status=status,
    )


def lowered(request: web.BaseRequest) -> Mapping[str, str]:
    """The headers with lower-case names."""
    return {name.lower(): value for name, value in request.headers.items()}


def parameters(request: web.BaseRequest) -> Mapping[str, str]:
    """The query; of a parameter given twice the last one counts."""
    return dict(parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True))
