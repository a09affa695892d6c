"""A page of the list (GitHub's and GitLab's ways: a page number in the query, the next page announced by a `Link` header). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from poller.config.expression import Ast
from poller.config.watching import JOB_ID_PATTERN
from poller.core.exchange import Reply
from poller.core.reading import Failed, Listed, ListQuery, Page
from poller.core.timestamps import parse_rfc3339
from poller.sources.http_json.evaluating import Evaluator
from poller.sources.http_json.shape import Shape, look
from poller.sources.http_json.values import instant
from poller.sources.http_json.wire import document_of, nonsense, snapshot_of

_LONGEST_LINK: Final = 16 * 1024  # characters of the header that are looked at
# RFC 8288 section 3: <URI>; name=value; …, where rel may hold several relations.
_LINK: Final = re.compile(r"<[^<>]*>((?:\s*;\s*[\w*!#$&+.^`|~-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))?)*)")
_RELATIONS: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))", re.IGNORECASE)
MAX_ITEMS: Final = 1000  # of a page; an upstream that gives more was not asked for them
_TOTAL: Final = "x-total"  # GitLab's header, left out by it above 10,000
_NUMBER: Final = re.compile(r"\d{1,12}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageShape:
    """Where things are in a page: `items` in the page, `created_at` in an item, `total` in the page; None: nowhere."""

    items: Ast
    job: Shape
    created_at: Ast | None = None
    total: Ast | None = None


def read_page(reply: Reply, query: ListQuery, shape: PageShape) -> Page | Failed:
    """The jobs on the page. Items without the id of a job are left out: they cannot be asked about.

    An upstream's link to the next page is never followed, only taken as a sign that there is one: the requests carry credentials.
    """
    document, evaluator = document_of(reply.body), Evaluator()
    if document is None:
        return nonsense("the page is neither a JSON object nor a list")
    items = evaluator.find(shape.items, document)
    if not isinstance(items, list):
        return nonsense("the page has no list where pages.items says")
    total = _total(document, reply.headers, shape, evaluator)
    jobs = tuple(job for item in items[:MAX_ITEMS] if (job := _job(item, shape, evaluator)) is not None)
    full = bool(items) and _more(reply.headers, len(items), query)
    seen = query.offset // query.limit * query.limit + len(items) + full
    return Page(jobs=jobs, total=seen if total is None else total, full=full)


def has_next(link: str) -> bool | None:
    """Whether a `Link` header (RFC 8288) names a next page; None when there is no such header."""
    if not link:
        return None
    parameters = (match[1] for match in _LINK.finditer(link[:_LONGEST_LINK]))
    relations = (match[1] or match[2] for text in parameters for match in _RELATIONS.finditer(text))
    return any("next" in relation.lower().split() for relation in relations)


def _job(item: object, shape: PageShape, evaluator: Evaluator) -> Listed | None:
    seen = look(item, shape.job, evaluator)
    if seen.job_id is None or not re.fullmatch(JOB_ID_PATTERN, seen.job_id):
        return None
    created = None if shape.created_at is None else instant(evaluator.find(shape.created_at, item))
    created_at = parse_rfc3339(created) if isinstance(created, str) else None
    return Listed(job_id=seen.job_id, snapshot=snapshot_of(seen), created_at=created_at)


def _more(headers: Mapping[str, str], count: int, query: ListQuery) -> bool:
    announced = has_next(headers.get("link", ""))
    return count >= query.limit if announced is None else announced


def _total(document: object, headers: Mapping[str, str], shape: PageShape, evaluator: Evaluator) -> int | None:
    said = None if shape.total is None else evaluator.find(shape.total, document)
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    header = headers.get(_TOTAL, "")
    return int(header) if _NUMBER.fullmatch(header) else None
