"""One route of the API as one value: what is served where, and how the OpenAPI document describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal, TypeAlias

import msgspec

from poller.web.served import Handler

Method: TypeAlias = Literal["GET", "POST", "DELETE"]
# What a request may be answered with when it is not fulfilled, besides 401 and 403, which the listener adds.
_ASKED_WRONG: Final = HTTPStatus.BAD_REQUEST
_NO_DATABASE: Final = HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """`gives` is what the answer holds, by status: a type that is shown as JSON, or a media type. Path parameters stand in braces.

    `query` and `body` are the structs that the handler reads. The handler's docstring is the description, its first sentence the
    summary. `refusals` are the further statuses that are answered with an error object.
    """

    method: Method
    path: str
    handler: Handler
    gives: Mapping[int, Any]
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    refusals: tuple[int, ...] = field(default=())


def get(path: str, handler: Handler, gives: Any, *, query: type[msgspec.Struct] | None = None) -> Route:
    """Something to read; HEAD works as well."""
    refusals = (_NO_DATABASE,) + ((_ASKED_WRONG,) if query else ()) + _named(path)
    return Route(method="GET", path=path, handler=handler, gives=_by_status(gives), query=query, refusals=refusals)


def post(
    path: str,
    handler: Handler,
    gives: Any,
    *,
    body: type[msgspec.Struct] | None = None,
    refusals: tuple[int, ...] = (),
) -> Route:
    """A change. Without `body` the request has none. `refusals` are statuses besides the usual ones."""
    wrong = (_ASKED_WRONG, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    refusals = (_NO_DATABASE, *(wrong if body else (_ASKED_WRONG,)), *_named(path), *refusals)
    return Route(method="POST", path=path, handler=handler, gives=_by_status(gives), body=body, refusals=refusals)


def delete(path: str, handler: Handler, gives: Any) -> Route:
    """A removal."""
    refusals = (_NO_DATABASE, *_named(path))
    return Route(method="DELETE", path=path, handler=handler, gives=_by_status(gives), refusals=refusals)


def _by_status(gives: Any) -> Mapping[int, Any]:
    return gives if isinstance(gives, Mapping) else {HTTPStatus.OK: gives}


def _named(path: str) -> tuple[int, ...]:
    return (HTTPStatus.NOT_FOUND,) if "{" in path else ()
