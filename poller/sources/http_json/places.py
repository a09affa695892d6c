"""From the URL templates to requests. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from poller.core.exchange import Request
from poller.core.reading import ListQuery, Refused
from poller.core.secret import Secret
from poller.core.timestamps import rfc3339

_ACCEPT: Final = "Accept"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an API is: the templates of its URLs, and the headers of every request."""

    url: Secret
    pages_url: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)


def detail_request(place: Place, job_id: str) -> Request | Refused:
    """The request about one job; Refused for what cannot be asked about."""
    if job_id.strip(".") == "":
        return Refused(reason="the job id is empty or made of dots: it names no job")  # `..` would walk up the path
    return _get(place, place.url.reveal().replace("{job_id}", quote(job_id, safe="")))


def page_request(place: Place, query: ListQuery) -> Request:
    """The request for one page of the list."""
    if place.pages_url is None:
        raise ValueError("a page was asked of a source without a list")
    since = rfc3339(query.create_since or 0.0)
    filled = place.pages_url.reveal()
    for name, value in (
        ("{offset}", query.offset),
        ("{limit}", query.limit),
        ("{page}", query.offset // query.limit + 1),
        ("{create_since}", quote(since, safe="")),
    ):
        filled = filled.replace(name, str(value))
    return _get(place, filled)


def _get(place: Place, url: str) -> Request:
    headers = {name: value.reveal() for name, value in place.headers.items()}
    if _ACCEPT.lower() not in map(str.lower, headers):
        headers[_ACCEPT] = "application/json"
    return Request(method="GET", url=url, headers=headers)
