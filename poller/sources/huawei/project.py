"""Which project is asked, and the requests that both job APIs of MetaStudio have in common (FACTS.md, Calls). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final
from urllib.parse import quote, urlencode

from poller.core.exchange import Request
from poller.core.reading import ListQuery, Refused, Target
from poller.core.timestamps import rfc3339

LAST_SECOND: Final = 253_402_300_799.0  # 9999-12-31T23:59:59Z, the last one that RFC 3339 can name
_PLAIN: Final = re.compile(r"[A-Za-z0-9]+")  # the usual job id, which quoting leaves as it is
_PATH: Final = "/v1/{project_id}/{resource}/user/jobs"


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where the jobs are. `endpoint` is a URL; `timeout` bounds one request, in seconds.

    `resource` is the part of the path that names the API.
    """

    endpoint: str
    project_id: str
    resource: str
    app_user_id: str | None = None
    timeout: float = 10.0

    @cached_property
    def jobs_url(self) -> str:
        """The list of jobs; each job is below it."""
        path = _PATH.format(project_id=quote(self.project_id, safe=""), resource=self.resource)
        return self.endpoint.rstrip("/") + path


def detail_request(project: Project, target: Target, below: str = "") -> Request | Refused:
    """The call about `target`, or what is `below` it, not yet authorized; Refused for what cannot be asked about."""
    plain = _PLAIN.fullmatch(target.job_id) is not None
    if not plain and target.job_id.strip(".") == "":
        return Refused(reason="the job id is empty or made of dots: it names no job")  # `..` would walk up the path
    headers = _headers(project.project_id, target.app_user_id or project.app_user_id)
    if headers is None:
        return _BAD_USER
    segment = target.job_id if plain else quote(target.job_id, safe="")
    return Request(method="GET", url=f"{project.jobs_url}/{segment}{below}", headers=headers)


def list_request(project: Project, query: ListQuery) -> Request | Refused:
    """The call for one page, not yet authorized: by creation time, so that new rows append (FACTS.md, Calls).

    `create_since` goes out in whole seconds, rounded down, so that no job of its second is lost.
    """
    headers = _headers(project.project_id, project.app_user_id)
    if headers is None:
        return _BAD_USER
    return Request(method="GET", url=f"{project.jobs_url}?{_query_string(query)}", headers=headers)


def page_query(**pairs: str | int) -> str:
    """A query in the spelling that is signed, and sent as it stands: a comma is `%2C`."""
    return urlencode(pairs, quote_via=quote, safe="~")


@lru_cache(maxsize=1024)  # a sweep asks for the same pages again and again
def _query_string(query: ListQuery) -> str:
    pairs: dict[str, str | int] = {"offset": query.offset, "limit": query.limit}
    pairs |= {"sort_key": "create_time", "sort_dir": "asc"}
    if query.states:
        pairs["state"] = ",".join(query.states)
    if query.create_since is not None:
        pairs["create_since"] = _whole_second(query.create_since)
    return page_query(**pairs)


def _whole_second(at: float) -> str:
    return rfc3339(float(int(max(0.0, min(at, LAST_SECOND))))).replace(".000Z", "Z")


@lru_cache(maxsize=1024)
def _headers(project_id: str, app_user_id: str | None) -> Mapping[str, str] | None:
    if app_user_id is None:
        return {"X-Project-Id": project_id}
    if not app_user_id.isascii() or not app_user_id.isprintable():
        return None
    return {"X-Project-Id": project_id, "X-App-UserId": app_user_id}


_BAD_USER: Final = Refused(reason="app_user_id: only printable ASCII characters can be sent as X-App-UserId")
