"""/api/v1/jobs: which jobs are watched."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from aiohttp import web

from poller.config import check_job_id
from poller.config.watching import JOB_ID_PATTERN
from poller.core.listing import JobFilter
from poller.core.vocabulary import StateClass
from poller.web.asking import MAX_IDS, USUAL_PAGE, Key, Limit, Name, read_body, read_query
from poller.web.refusals import BadRequest
from poller.web.served import Served, answer, page
from poller.web.shown import detail_shown, shown

MAX_LABELS: Final = 32
_LABEL: Final = r"^[^\x00-\x1f\x7f]{1,200}$"  # as in the `labels` of a route
_APP_USER_ID: Final = r"^[!-~](?:[ -~]{0,254}[!-~])?$"  # as in a source: it becomes a header

# Only described here: `check_job_id` says in words what is wrong, and with which of many.
JobId = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{JOB_ID_PATTERN}$"})]
Label = Annotated[str, msgspec.Meta(pattern=_LABEL)]


class Asked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a list of jobs."""

    source: Name | None = None
    job_id: Name | None = None
    state: Name | None = None
    state_class: StateClass | None = msgspec.field(default=None, name="class")
    text: Name | None = None
    removed: bool = False
    after: Key = 0
    limit: Limit = USUAL_PAGE


class Addition(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of a request to watch jobs: `job_id` for one, or `job_ids`."""

    source: Name
    job_ids: Annotated[list[JobId], msgspec.Meta(min_length=1, max_length=MAX_IDS)] | None = None
    job_id: JobId | None = None
    labels: Annotated[dict[Label, Label], msgspec.Meta(max_length=MAX_LABELS)] = {}
    app_user_id: Annotated[str, msgspec.Meta(pattern=_APP_USER_ID)] | None = None


class Acknowledging(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of an acknowledgement: who takes care of the job, and what they say."""

    author: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


async def listed(served: Served, request: web.Request) -> web.Response:
    """GET: one page of jobs."""
    asked = read_query(request, Asked)
    which = JobFilter(
        source=asked.source,
        job_id=asked.job_id,
        state=asked.state,
        state_class=asked.state_class,
        text=asked.text,
        removed=asked.removed,
    )
    rows = await served.archive.jobs(which, after=asked.after, limit=asked.limit)
    return page([shown(row) for row in rows], [row.key for row in rows], asked.limit)


async def added(served: Served, request: web.Request) -> web.Response:
    """POST: watch these jobs. May be repeated: a job that is watched already is only counted; 201 when there is a new one, else 200."""
    asked = await read_body(request, Addition)
    if asked.source not in served.controls.sources():
        names = ", ".join(served.controls.sources()) or "none"
        raise BadRequest(f"there is no source of this name; the configuration has: {names}", "source")
    job_ids = _asked_ids(asked)
    count = await served.registry.add(
        asked.source, job_ids, labels=asked.labels, app_user_id=asked.app_user_id, now=served.now()
    )
    served.controls.jobs_changed(asked.source)
    status = HTTPStatus.CREATED if count else HTTPStatus.OK
    return answer({"added": count, "watched_before": len(job_ids) - count}, status=status)


async def one(served: Served, request: web.Request) -> web.Response:
    """GET: all that is known of one job."""
    source, job_id = _named(request)
    return answer(detail_shown(await served.archive.job(source, job_id)))


async def removed(served: Served, request: web.Request) -> web.Response:
    """DELETE: watch it no longer."""
    source, job_id = _named(request)
    await served.registry.remove(source, job_id, now=served.now())
    return await _changed(served, source, job_id)


async def paused(served: Served, request: web.Request) -> web.Response:
    """POST: poll it no more until it is resumed."""
    source, job_id = _named(request)
    await served.registry.pause(source, job_id)
    return await _changed(served, source, job_id)


async def resumed(served: Served, request: web.Request) -> web.Response:
    """POST: poll it again."""
    source, job_id = _named(request)
    await served.registry.resume(source, job_id)
    return await _changed(served, source, job_id)


async def polled(served: Served, request: web.Request) -> web.Response:
    """POST: poll it as soon as the source's budget allows."""
    source, job_id = _named(request)
    await served.registry.poll_now(source, job_id, now=served.now())
    return await _changed(served, source, job_id)


async def acknowledged(served: Served, request: web.Request) -> web.Response:
    """POST: somebody takes care of it: nobody is reminded any more while it stays in its state."""
    source, job_id = _named(request)
    asked = await read_body(request, Acknowledging)
    await served.controls.acknowledge(source, job_id, asked.author, asked.comment)
    return await _changed(served, source, job_id)


def _named(request: web.Request) -> tuple[str, str]:
    return request.match_info["source"], request.match_info["job_id"]


async def _changed(served: Served, source: str, job_id: str) -> web.Response:
    served.controls.jobs_changed(source)
    detail = await served.archive.job(source, job_id)
    return answer(shown(detail.row))


def _asked_ids(asked: Addition) -> list[str]:
    """The jobs that are meant, each once. Raises BadRequest."""
    if (asked.job_id is None) == (asked.job_ids is None):
        found = "neither job_id nor job_ids" if asked.job_id is None else "both job_id and job_ids"
        raise BadRequest(f"found {found}; expected one of the two", "job_ids")
    if asked.job_id is not None:
        _check_id(asked.job_id, "job_id")
        return [asked.job_id]
    for place, job_id in enumerate(asked.job_ids or ()):
        _check_id(job_id, f"job_ids[{place}]")
    return list(dict.fromkeys(asked.job_ids or ()))


def _check_id(job_id: str, place: str) -> None:
    try:
        check_job_id(job_id)
    except ValueError as error:
        raise BadRequest(f"found {job_id[:60]!r}; expected {error}", place) from None
