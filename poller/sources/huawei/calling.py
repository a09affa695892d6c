"""One call to a job API: let through by the gate, authorized, sent, judged, and read. All kinds of Huawei Cloud sources call here."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from poller.core.breaker import CREDENTIAL_FAILURES
from poller.core.exchange import Reply, Request
from poller.core.reading import Absent, Denied, Failed, Refused
from poller.core.validity import Validity
from poller.sources.huawei.credentials import Credential
from poller.sources.huawei.door import Door, Ticket
from poller.sources.huawei.faults import read_fault
from poller.sources.huawei.judging import Unauthorized, Verdict, explain, judge
from poller.sources.ports import Http

MAX_ANSWER: Final = 4 * 1024 * 1024  # bytes; a job has about 6 kB and grows with its logs, a page about 150 kB
TRIES: Final = CREDENTIAL_FAILURES + 1  # of one call: one may fail because it was under way when the credential changed

T = TypeVar("T")
Read: TypeAlias = Callable[[bytes], T | Failed]
Trouble: TypeAlias = Absent | Refused | Failed | Denied


class Caller:
    """Calls with one credential through one gate. `timeout` bounds one request, in seconds."""

    def __init__(self, *, credential: Credential, gate: Door, http: Http, timeout: float) -> None:
        self._credential = credential
        self._gate = gate
        self._http = http
        self._timeout = timeout

    def validity(self) -> Validity | None:
        """How long the credential lasts; None while nothing is known."""
        return self._credential.validity()

    async def call(self, request: Request, read: Read[T], *, job_id: str = "") -> T | Trouble:
        """What `read` makes of the answer's body, or what went wrong. `job_id` is the job asked about, if one is.

        One request, unless a token has to be fetched or a refused credential is tried again.
        """
        said = ""
        for _ in range(TRIES):
            async with self._gate.admit(self._timeout) as ticket:
                if not isinstance(ticket, Ticket):
                    return ticket
                outcome = await self._ask(request, read, job_id, ticket)
            if not isinstance(outcome, Unauthorized):
                return outcome
            said = outcome.reason
        return Failed(kind="outage", reason=f"credentials accepted now and then only: {said}")

    async def _ask(self, request: Request, read: Read[T], job_id: str, ticket: Ticket) -> T | Trouble | Unauthorized:
        authorized = await self._credential.authorize(request)
        if not isinstance(authorized, Request):
            return self._settle(Verdict(outcome=authorized), ticket)
        exchange = await self._http.send(authorized, timeout=self._timeout, limit=MAX_ANSWER)
        verdict = judge(exchange, job_id=job_id, secrets=self._credential.secrets)
        if isinstance(verdict, Reply):
            return self._read(verdict, read, ticket)
        if isinstance(verdict.outcome, Unauthorized):
            self._credential.renew(authorized)
        return self._settle(verdict, ticket)

    def _read(self, reply: Reply, read: Read[T], ticket: Ticket) -> T | Failed:
        decoded = read(reply.body)
        if not isinstance(decoded, Failed):
            self._gate.accepted(ticket)
            return decoded
        said = explain(reply, read_fault(reply.body), self._credential.secrets)
        return replace(decoded, reason=f"{said}: {decoded.reason}")

    def _settle(self, verdict: Verdict, ticket: Ticket) -> Unauthorized | Absent | Refused | Failed:
        outcome = verdict.outcome
        if isinstance(outcome, Unauthorized):
            self._gate.refused(ticket, outcome.reason, renewable=self._credential.renewable)
        elif verdict.proves:
            self._gate.accepted(ticket)
        return outcome
