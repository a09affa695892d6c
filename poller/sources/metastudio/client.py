"""The detail call of MetaStudio avatar training jobs (FACTS.md, Calls): one job asked about, one reading."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from poller.core.breaker import CREDENTIAL_FAILURES
from poller.core.exchange import Reply, Request
from poller.core.reading import Denied, Failed, Reading, Refused, Same, Seen, Target
from poller.core.vocabulary import StateClass, avatar_vocabulary
from poller.sources.metastudio.credentials import Credential
from poller.sources.metastudio.faults import read_fault
from poller.sources.metastudio.gate import Gate, Ticket
from poller.sources.metastudio.judging import Answered, Unauthorized, Verdict, explain, judge
from poller.sources.metastudio.wire import Wire
from poller.sources.ports import Http

MAX_ANSWER: Final = 4 * 1024 * 1024  # bytes; an answer has about 6 kB, and grows with its logs
TRIES: Final = (
    CREDENTIAL_FAILURES + 1
)  # of one fetch: one may fail because it was under way when the credential changed
PATH: Final = "/v1/{project_id}/digital-human-training-manage/user/jobs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """Where the jobs are. `endpoint` is a URL without a trailing slash; `timeout` bounds one request, in seconds."""

    endpoint: str
    project_id: str
    app_user_id: str | None = None
    timeout: float = 10.0


class MetaStudio:
    """A source: the avatar training jobs of one project, read with one credential."""

    def __init__(
        self, name: str, project: Project, *, credential: Credential, gate: Gate, wire: Wire, http: Http
    ) -> None:
        self._name = name
        self._project = project
        self._credential = credential
        self._gate = gate
        self._wire = wire
        self._http = http
        self._classify = avatar_vocabulary().classify

    @property
    def name(self) -> str:
        """The key under `[sources]`."""
        return self._name

    def classify(self, state: str | None) -> StateClass:
        """Who has to act while a job is in `state`."""
        return self._classify(state)

    async def fetch(self, target: Target) -> Reading:
        """Ask about one job: one request, unless a token has to be fetched or a refused credential is tried again."""
        request = detail_request(self._project, target)
        if isinstance(request, Refused):
            return request
        said = ""
        for _ in range(TRIES):
            reading = await self._admitted(request, target)
            if not isinstance(reading, Unauthorized):
                return reading
            said = reading.reason
        return Failed(kind="outage", reason=f"credentials accepted now and then only: {said}")

    async def _admitted(self, request: Request, target: Target) -> Reading | Unauthorized:
        async with self._gate.admit(self._project.timeout) as ticket:
            if isinstance(ticket, Denied | Failed):
                return ticket
            return await self._ask(request, target, ticket)

    async def _ask(self, request: Request, target: Target, ticket: Ticket) -> Reading | Unauthorized:
        authorized = await self._credential.authorize(request)
        if not isinstance(authorized, Request):
            return self._settle(Verdict(outcome=authorized), ticket)
        exchange = await self._http.send(authorized, timeout=self._project.timeout, limit=MAX_ANSWER)
        verdict = judge(exchange, job_id=target.job_id, secrets=self._credential.secrets)
        if isinstance(verdict, Answered):
            return self._read(verdict.reply, target, ticket)
        if isinstance(verdict.outcome, Unauthorized):
            self._credential.renew(authorized)
        return self._settle(verdict, ticket)

    def _read(self, reply: Reply, target: Target, ticket: Ticket) -> Same | Seen | Failed:
        decoded = self._wire.read(reply.body, target)
        if not isinstance(decoded, Failed):
            self._gate.accepted(ticket)
            return decoded
        said = explain(reply, read_fault(reply.body), self._credential.secrets)
        return replace(decoded, reason=f"{said}: {decoded.reason}")

    def _settle(self, verdict: Verdict, ticket: Ticket) -> Reading | Unauthorized:
        outcome = verdict.outcome
        if isinstance(outcome, Unauthorized):
            self._gate.refused(ticket, outcome.reason, renewable=self._credential.renewable)
        elif verdict.proves:
            self._gate.accepted(ticket)
        return outcome


def detail_request(project: Project, target: Target) -> Request | Refused:
    """The call about `target`, not yet authorized; Refused for what cannot be asked about."""
    if target.job_id.strip(".") == "":
        return Refused(reason="the job id is empty or made of dots: it names no job")  # `..` would walk up the path
    headers = _headers(project.project_id, target.app_user_id or project.app_user_id)
    if headers is None:
        return Refused(reason="app_user_id: only printable ASCII characters can be sent as X-App-UserId")
    return Request(method="GET", url=f"{_jobs_url(project)}/{quote(target.job_id, safe='')}", headers=headers)


@lru_cache(maxsize=256)
def _jobs_url(project: Project) -> str:
    return project.endpoint.rstrip("/") + PATH.format(project_id=quote(project.project_id, safe=""))


@lru_cache(maxsize=1024)
def _headers(project_id: str, app_user_id: str | None) -> Mapping[str, str] | None:
    if app_user_id is None:
        return {"X-Project-Id": project_id}
    if not app_user_id.isascii() or not app_user_id.isprintable():
        return None
    return {"X-Project-Id": project_id, "X-App-UserId": app_user_id}
