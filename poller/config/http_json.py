"""A table below [sources] for any REST job API: where to ask, and where in the answers things are."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from poller.config.expression import Expression, OptionalExpression
from poller.config.fields import Glob, MayBeLeftOut, Whole, duration
from poller.config.link import scheme_and_host, split, web_url
from poller.config.problem import Problem, listed
from poller.config.secrecy import SecretRule, SecretUrl, SecretUrlRule, header_safe
from poller.config.stay import StateOrClass
from poller.config.table import CLOSED, Table, key, optional
from poller.config.watching import FieldName, Watching
from poller.config.webhook import HeaderName, same_headers
from poller.core.secret import Secret
from poller.core.vocabulary import StateClass

_BRACED: Final = re.compile(r"\{[^{}]*\}|[{}]")
_JOB_PLACES: Final = ("{job_id}",)
_PAGE_PLACES: Final = ("{limit}", "{page}", "{offset}", "{create_since}")
# Names in an event's `job` that are filled otherwise, and those of the logs.
_TAKEN: Final = ("state", "name", "class", "labels", "job_id", "operation_logs", "comment_logs")
# These statuses say something else (RFC 9110 section 15.5, RFC 6585 section 4).
_NEVER_ABSENT: Final = (401, 408, 429)


def _template(text: str, places: tuple[str, ...]) -> None:
    """Raises ValueError unless `text` is a web URL in which only `places` stand in braces, none of them in the host."""
    web_url(_BRACED.sub("x", text))
    if any(found not in places for found in _BRACED.findall(text)):
        raise ValueError(f"found braces around something else; allowed: {listed(places)}")
    if _BRACED.search(split(text).netloc):
        raise ValueError("found braces in the host; expected them in the path or the query: credentials go to one host")


def _job_url(text: str) -> None:
    _template(text, _JOB_PLACES)
    if _JOB_PLACES[0] not in text:
        raise ValueError("found no {job_id}; expected a URL that holds it, such as https://HOST/jobs/{job_id}")


def _pages_url(text: str) -> None:
    _template(text, _PAGE_PLACES)
    if "{limit}" not in text or ("{page}" not in text and "{offset}" not in text):
        raise ValueError(
            "found no {limit}, or neither {page} nor {offset}; expected such as https://HOST/jobs?per_page={limit}&page={page}"
        )


OptionalSecret: TypeAlias = Annotated[Secret | None, SecretRule(check=header_safe)]


class LogConfig(Table):
    """Where the log entries of a job are.

    Time, type and operator identify an entry (INTERFACE.md section 9): one without time and type is not told.
    """

    entries: Expression = key(meaning="the list of entries, in the answer")
    time: OptionalExpression = optional(meaning="when it happened, in an entry: a text, or seconds or milliseconds")
    type: OptionalExpression = optional(meaning="the name of the transition, in an entry")
    text: OptionalExpression = optional(meaning="the description, in an entry")
    operator: OptionalExpression = optional(meaning="who acted, in an entry")

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Entries can be told apart."""
        yield from super().across(raw)
        if "time" not in raw and "type" not in raw:
            yield Problem(
                where=("type",), text="found neither time nor type; expected at least one: they identify an entry"
            )


class PagesConfig(Table):
    """The list of jobs: 100 on a page, whose items look like the answer about one job.

    The link to the next page (RFC 8288) is a sign that there is one; it is not followed, since requests carry credentials.
    """

    url: Annotated[SecretUrl, SecretUrlRule(check=_pages_url, show=scheme_and_host, pattern="^https?://")] = key(
        meaning="where pages are: {limit}, {page} (from 1 on) or {offset}, and {create_since} are filled in"
    )
    items: Expression = key(meaning="the list of jobs, in a page")
    created_at: OptionalExpression = optional(meaning="when a job was created, in an item")
    total: OptionalExpression = optional(meaning="how many jobs there are, in a page; left out: the header X-Total")


class HttpJsonConfig(Watching):
    """Any REST API that answers about a job in JSON, read with JMESPath expressions (jmespath.org).

    Only what the expressions name is kept, and never a link.
    """

    kind: Literal["http-json"] = key(meaning="http-json: any REST job API, by configuration")
    url: Annotated[SecretUrl, SecretUrlRule(check=_job_url, show=scheme_and_host, pattern="^https?://")] = key(
        meaning="where a job is asked about: {job_id} is filled in; may be a secret"
    )
    bearer: OptionalSecret = optional(meaning="a token that is sent as Authorization: Bearer TOKEN")
    headers: Mapping[HeaderName, Annotated[Secret, SecretRule(check=header_safe)]] = key(
        {}, meaning="headers of every request; values may be secrets", max_length=50, json_schema_extra=CLOSED
    )
    state: Expression = key(meaning="the state of the job, in the answer")
    id: OptionalExpression = optional(meaning="the job's id, in the answer; required with pages")
    name: OptionalExpression = optional(meaning="the name of the job, in the answer")
    log: Annotated[LogConfig | None, MayBeLeftOut()] = optional(meaning="the log of the job, if the answer holds one")
    keep: Mapping[FieldName, Expression] = key(
        {}, meaning="what else is kept: names and expressions", max_length=50, json_schema_extra=CLOSED
    )
    classes: Mapping[Glob, StateClass] = key(
        {},
        meaning="globs over states, and their class: the first that matches counts",
        max_length=200,
        json_schema_extra=CLOSED,
    )
    not_found: tuple[Annotated[int, Whole(400, 499)], ...] = key(
        [404, 410], meaning="the statuses that say that there is no such job", max_length=20
    )
    pages: Annotated[PagesConfig | None, MayBeLeftOut()] = optional(meaning="the list of jobs, if the API has one")
    stuck_after: Mapping[StateOrClass, Annotated[float, duration("10ms", "36500d")]] = key(
        {},
        meaning="how long a job may stay in a state, by state or by class, before it is told to be stuck",
        max_length=200,
        json_schema_extra=CLOSED,
    )

    @property
    def address(self) -> str:
        """Where the API is, as it may be shown."""
        return self.url.shown

    @property
    def proof(self) -> str:
        """How the source proves who it is, in a word."""
        if self.bearer is not None:
            return "bearer token"
        return "headers" if self.headers else "no credentials"

    @property
    def sent_headers(self) -> Mapping[str, Secret]:
        """All that is configured to be sent, `bearer` included."""
        if self.bearer is None:
            return self.headers
        return {**self.headers, "Authorization": Secret(f"Bearer {self.bearer.reveal()}")}

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """No header twice; ids where a list is; no name or status that means something else."""
        yield from super().across(raw)
        headers, keep, not_found = raw.get("headers"), raw.get("keep"), raw.get("not_found")
        yield from same_headers(headers)
        for name in headers if isinstance(headers, dict) and "bearer" in raw else ():
            if name.lower() == "authorization":
                yield Problem(
                    where=("headers", name), text="found the header and bearer; allowed: exactly one of the two"
                )
        for name in keep if isinstance(keep, dict) else ():
            if name in _TAKEN:
                yield Problem(
                    where=("keep", name), text=f"found a name that has its place; allowed: any but {listed(_TAKEN)}"
                )
        for place, status in enumerate(not_found if isinstance(not_found, list | tuple) else ()):
            if status in _NEVER_ABSENT:
                text = (
                    f"found {status}, which never means that; allowed: 400 to 499 but {listed(map(str, _NEVER_ABSENT))}"
                )
                yield Problem(where=("not_found", place), text=text)
        if "pages" in raw and "id" not in raw:
            yield Problem(
                where=("id",), text="found nothing, the key is missing; expected where the id is in an item of pages"
            )
        if raw.get("discover") not in (None, False) and "pages" not in raw:
            yield Problem(
                where=("discover",), text="found discover without a list to look in; expected the table pages too"
            )
