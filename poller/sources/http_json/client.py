"""Any REST job API by configuration: one GET about a job, one GET for a page of its list, credentials in headers only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Final, TypeAlias, TypeVar

from poller.core.breaker import CREDENTIAL_FAILURES
from poller.core.exchange import Reply, Request
from poller.core.reading import Absent, Denied, Failed, Listing, ListQuery, Reading, Refused, Target
from poller.core.secret import Secret
from poller.core.vocabulary import StateClass
from poller.sources.http_json.judging import judge
from poller.sources.http_json.paging import PageShape, read_page
from poller.sources.http_json.places import Place, detail_request, page_request
from poller.sources.http_json.shape import Shape
from poller.sources.http_json.wire import read
from poller.sources.huawei.door import Door, Ticket
from poller.sources.huawei.faults import Fault
from poller.sources.huawei.judging import Unauthorized, explain
from poller.sources.ports import Http

MAX_ANSWER: Final = 4 * 1024 * 1024  # bytes
TRIES: Final = CREDENTIAL_FAILURES + 1  # of one call: one may fail because it was under way when the others did
NOT_FOUND: Final = frozenset({404, 410})

Read = TypeVar("Read")
_Trouble: TypeAlias = Absent | Refused | Failed | Denied


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """What is known of an API. `classes` are globs, of which the first that matches a state counts; `timeout` is in seconds."""

    place: Place
    shape: Shape
    pages: PageShape | None = None
    classes: Mapping[str, StateClass] = field(default_factory=dict)
    not_found: Collection[int] = NOT_FOUND
    timeout: float = 10.0

    @property
    def secrets(self) -> Sequence[Secret]:
        """What must not be shown where the upstream repeats it: header values, and what follows their scheme (`Bearer …`)."""
        values = list(self.place.headers.values())
        parts = [Secret(part) for value in values for part in value.reveal().split(" ")[1:]]
        return (*values, *parts)


class HttpJson:
    """A source: the jobs of one API, read with one set of headers."""

    def __init__(self, name: str, api: Api, *, gate: Door, http: Http) -> None:
        self._name = name
        self._api = api
        self._gate = gate
        self._http = http
        self._secrets = api.secrets

    @property
    def name(self) -> str:
        """The key under `[sources]`."""
        return self._name

    @property
    def can_list(self) -> bool:
        """Whether a list is configured."""
        return self._api.pages is not None

    @property
    def living_states(self) -> tuple[str, ...]:
        """The documented states that are not `done`; empty where a list cannot be narrowed to them."""
        return ()

    def classify(self, state: str | None) -> StateClass:
        """The class of the first glob that matches; `unknown` when none does."""
        if state is None:
            return "unknown"
        return next((it for glob, it in self._api.classes.items() if fnmatchcase(state, glob)), "unknown")

    async def fetch(self, target: Target) -> Reading:
        """Ask about one job: one request, unless refused credentials are tried again."""
        request = detail_request(self._api.place, target.job_id)
        if isinstance(request, Refused):
            return request
        return await self._call(request, lambda reply: read(reply.body, target, self._api.shape))

    async def list(self, query: ListQuery) -> Listing:
        """Ask for one page: one request. States are not filtered; `create_since` only where the template has a place for it."""
        if self._api.pages is None:
            return Refused(reason="no list is configured: see pages")
        request = page_request(self._api.place, query)
        listing = await self._call(request, partial(read_page, query=query, shape=self._api.pages))
        return Refused(reason=f"{listing.reason}: check pages.url") if isinstance(listing, Absent) else listing

    async def _call(self, request: Request, read_as: Callable[[Reply], Read | Failed]) -> Read | _Trouble:
        said = ""
        for _ in range(TRIES):
            async with self._gate.admit(self._api.timeout) as ticket:
                if not isinstance(ticket, Ticket):
                    return ticket
                outcome = await self._send(request, read_as, ticket)
            if not isinstance(outcome, Unauthorized):
                return outcome
            said = outcome.reason
        return Failed(kind="outage", reason=f"credentials accepted now and then only: {said}")

    async def _send(
        self, request: Request, read_as: Callable[[Reply], Read | Failed], ticket: Ticket
    ) -> Read | _Trouble | Unauthorized:
        exchange = await self._http.send(request, timeout=self._api.timeout, limit=MAX_ANSWER)
        verdict = judge(exchange, not_found=self._api.not_found, secrets=self._secrets)
        if isinstance(verdict, Reply):
            return self._read(verdict, read_as, ticket)
        outcome = verdict.outcome
        if isinstance(outcome, Unauthorized):
            self._gate.refused(ticket, outcome.reason, renewable=False)
        elif verdict.proves:
            self._gate.accepted(ticket)
        return outcome

    def _read(self, reply: Reply, read_as: Callable[[Reply], Read | Failed], ticket: Ticket) -> Read | Failed:
        decoded = read_as(reply)
        if isinstance(decoded, Failed):
            return replace(decoded, reason=f"{explain(reply, Fault(), self._secrets)}: {decoded.reason}")
        self._gate.accepted(ticket)
        return decoded
