"""/api/v1/silences: of what nobody is told for a time."""

from typing import Annotated, Final

import msgspec
from aiohttp import web

from poller.config import check_job_id, check_pattern
from poller.core.jsonvalue import Json
from poller.core.route import Route
from poller.core.silence import NewSilence
from poller.core.vocabulary import StateClass
from poller.web.asking import MAX_IDS, USUAL_PAGE, Key, Limit, instant, read_body, read_query
from poller.web.jobs import Label
from poller.web.refusals import BadRequest
from poller.web.served import Served, answer, page
from poller.web.shown import silence_shown

LONGEST: Final = 366 * 86400.0  # seconds: a longer silence is a route that should be changed
MAX_COMMENT: Final = 400  # characters

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Comment = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_COMMENT, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[list[Word], msgspec.Meta(max_length=100)]


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of silences."""

    before: Key | None = None
    limit: Limit = USUAL_PAGE


class Addition(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of a request for a silence: matchers as in a route, and `job_ids`; at least one. Lasts until `until`, or `seconds`."""

    author: Word
    comment: Comment
    until: str | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST)] | None = None
    on: Words = []
    sources: Words = []
    batch_names: Words = []
    tags: Words = []
    names: Words = []
    labels: Annotated[dict[Label, Label], msgspec.Meta(max_length=32)] = {}
    classes: list[StateClass] = []
    operators: Words = []
    job_ids: Annotated[list[str], msgspec.Meta(max_length=MAX_IDS)] = []


class Chosen(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of a request to end silences."""

    ids: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=MAX_IDS)]


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: one page of silences, newest first, those that are over too."""
    asked = read_query(request, Asked)
    found = await served.archive.silences(before=asked.before, limit=asked.limit)
    return page([silence_shown(one) for one in found], [one.id for one in found], asked.limit)


async def added(served: Served, request: web.Request) -> web.Response:
    """POST: from now on, what it matches is recorded and owed to nobody."""
    asked = await read_body(request, Addition)
    silence = await served.silences.add(_new(asked, served.now()), now=served.now())
    shown: Json = silence_shown(silence)
    return answer(shown, status=201)


async def expired(served: Served, request: web.Request) -> web.Response:
    """POST: end them now. What they silenced stays discarded; `deliveries retry` by id tells it."""
    asked = await read_body(request, Chosen)
    return answer({"count": await served.silences.expire(list(dict.fromkeys(asked.ids)), now=served.now())})


def _new(asked: Addition, now: float) -> NewSilence:
    which = Route(
        notify=(),
        on=tuple(_pattern(pattern, place) for place, pattern in enumerate(asked.on)),
        sources=tuple(asked.sources),
        batch_names=tuple(asked.batch_names),
        tags=tuple(asked.tags),
        names=tuple(asked.names),
        labels=asked.labels,
        classes=tuple(asked.classes),
        operators=tuple(asked.operators),
    )
    job_ids = tuple(_job_id(job_id, place) for place, job_id in enumerate(asked.job_ids))
    if which == Route(notify=()) and not job_ids:
        raise BadRequest('found nothing that says what is silenced; for everything write on = ["*"]', "on")
    return NewSilence(
        which=which, job_ids=job_ids, author=asked.author, comment=asked.comment, ends_at=_end(asked, now)
    )


def _end(asked: Addition, now: float) -> float:
    until = instant(asked.until, "until")
    if (until is None) == (asked.seconds is None):
        raise BadRequest("expected exactly one of until and seconds", "until")
    end = now + asked.seconds if asked.seconds is not None else (until or 0.0)
    if not now < end <= now + LONGEST:
        raise BadRequest("expected a time that is to come, within a year", "until")
    return end


def _pattern(pattern: str, place: int) -> str:
    try:
        return check_pattern(pattern)
    except ValueError as error:
        raise BadRequest(f"found {pattern[:60]!r}; {error}", f"on[{place}]") from None


def _job_id(job_id: str, place: int) -> str:
    try:
        return check_job_id(job_id)
    except ValueError as error:
        raise BadRequest(f"found {job_id[:60]!r}; expected {error}", f"job_ids[{place}]") from None
