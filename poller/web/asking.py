"""Reading what a request asks: JSON bodies and query parameters as typed values, every mistake named by its field."""

import re
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import anyio
import msgspec
from aiohttp import web

from poller.core.timestamps import parse_rfc3339
from poller.web.refusals import BadRequest

MAX_BODY_BYTES: Final = 1024 * 1024  # 1,000 job ids of 200 characters take 203 kB
MAX_PAGE: Final = 1000  # rows of one answer
USUAL_PAGE: Final = 100
MAX_IDS: Final = 1000  # jobs or deliveries named in one request
BODY_SECONDS: Final = 10.0  # that a body may take to come
LONGEST_TEXT: Final = 256  # characters of a name, label or other text that a caller gives

T = TypeVar("T", bound=msgspec.Struct)
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
Key = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what a database takes as a key
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]

_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json")
_AT: Final = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$?\.?(?P<place>[^`]*)`)?", re.DOTALL)
_FIELD: Final = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>[^`]*)`")


async def read_body(request: web.Request, kind: type[T]) -> T:
    """The JSON body as a `kind`. Raises BadRequest, HTTPUnsupportedMediaType, HTTPRequestEntityTooLarge and HTTPRequestTimeout."""
    body = await _body(request)
    if body and "Content-Type" in request.headers and not _JSON.fullmatch(request.content_type):
        raise web.HTTPUnsupportedMediaType
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise _wrong("the body", error) from None
    except (RecursionError, UnicodeDecodeError):
        raise BadRequest("the body is no JSON object that can be read") from None


async def _body(request: web.Request) -> bytes:
    try:
        with anyio.fail_after(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def read_query(request: web.Request, kind: type[T]) -> T:
    """The query parameters as a `kind`. Raises BadRequest."""
    twice = next((name for name in request.query if len(request.query.getall(name)) > 1), None)
    if twice is not None:
        raise BadRequest("given more than once; expected once", twice)
    try:
        given = msgspec.convert(dict(request.query), _without_null(kind), strict=False)
    except msgspec.MsgspecError as error:
        raise _wrong("the query", error) from None
    return kind(**{name: value for name, value in msgspec.structs.asdict(given).items() if value is not msgspec.UNSET})


@cache
def _without_null(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """`kind` with no field that may be None: else the text `null`, which may be somebody's name, would be taken for one left out."""
    names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    texts = [(field.name, _at_least(field.type), msgspec.UNSET) for field in msgspec.structs.fields(kind)]
    return msgspec.defstruct(kind.__name__, texts, rename=names, forbid_unknown_fields=True)


def _at_least(hint: Any) -> Any:
    """The type, without None."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    return Union[tuple(one for one in get_args(hint) if one is not NoneType)]  # noqa: UP007 made of a tuple


def instant(text: str | None, place: str) -> float | None:
    """Seconds of an RFC 3339 time; None for None. Raises BadRequest."""
    if text is None:
        return None
    at = parse_rfc3339(text)
    if at is None:
        raise BadRequest("expected a time such as 2023-12-09T07:31:43Z", place)
    return at


def _wrong(what: str, error: msgspec.MsgspecError) -> BadRequest:
    match = _AT.fullmatch(str(error))
    message, place = (match["what"], match["place"]) if match else (str(error), None)
    field = _FIELD.match(message)
    if field:
        place = ".".join(part for part in (place, field["name"]) if part)
    return BadRequest(f"{what}: {message}", place or None)
