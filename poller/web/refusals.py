"""What the API answers when it does not do what was asked: always `{"error": {"message", "place"}}`, never a traceback."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec
import structlog
from aiohttp import web

from poller.errors import NotFound, PollerError, StoreError, UsageError

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
JSON: Final = "application/json"
RETRY_AFTER: Final = "10"  # seconds

log = structlog.get_logger(__name__)


class BadRequest(UsageError):
    """The request is wrong; `place` is the field, parameter or part of the path that is meant."""

    def __init__(self, message: str, place: str | None = None) -> None:
        super().__init__(message)
        self.place = place


def refused(status: int, message: str, place: str | None = None) -> web.Response:
    """The answer to a request that is not fulfilled."""
    error = {"error": {"message": message, "place": place}}
    return web.Response(status=status, body=msgspec.json.encode(error), content_type=JSON)


@web.middleware
async def explaining(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns exceptions into answers."""
    try:
        return await handler(request)
    except PollerError as error:
        return refused(_status(error), str(error), getattr(error, "place", None))
    except web.HTTPException as answer:
        return _reworded(request, answer)
    except Exception:  # a bug met by one request: its inside goes to the log, not to the caller
        log.exception("answering a request failed because of a bug; please report it", path=request.path)
        return refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error, see the daemon's log")


def _status(error: PollerError) -> HTTPStatus:
    match error:
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case UsageError():
            return HTTPStatus.BAD_REQUEST
        case StoreError():
            return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.CONFLICT


def _reworded(request: web.Request, answer: web.HTTPException) -> web.Response:
    """What aiohttp itself refuses, in our form."""
    match answer:
        case web.HTTPNotFound():
            return refused(answer.status, "there is nothing at this path", request.path)
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(answer.allowed_methods))
            response = refused(answer.status, f"{request.method} is not allowed here; allowed: {allowed}", request.path)
            response.headers["Allow"] = allowed
            return response
        case web.HTTPRequestEntityTooLarge():
            return refused(answer.status, "the body is too large: send fewer at once")
        case web.HTTPRequestTimeout():
            return refused(answer.status, "the body did not come in time")
        case web.HTTPUnsupportedMediaType():
            text = f"found the content type {request.content_type}; expected application/json"
            return refused(answer.status, text, "Content-Type")
        case web.HTTPServiceUnavailable():
            response = refused(answer.status, answer.reason)
            response.headers["Retry-After"] = RETRY_AFTER
            return response
    return refused(answer.status, answer.reason)
