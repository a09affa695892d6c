"""A plug-in for poller as anyone may write one: a notifier `pigeon` and a source `nest`."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

from poller.plugins import (
    Absent,
    Broken,
    Delivered,
    Denied,
    Failed,
    Http,
    Listing,
    ListQuery,
    Notification,
    NotifierKind,
    NotifierTable,
    NotifierTools,
    Outcome,
    Reading,
    Refused,
    Rejected,
    Request,
    Retry,
    Same,
    Secret,
    SecretText,
    Seen,
    Snapshot,
    SourceKind,
    SourceTable,
    SourceTools,
    StateClass,
    Target,
    cloud_event,
    key,
)

LIMIT = 20_000  # bytes of an answer that are read


class PigeonTable(NotifierTable):
    """Notes for a loft."""

    kind: Literal["pigeon"] = key(meaning="pigeon: a note of what happened, carried to a loft")
    loft: SecretText = key(meaning="the URL of the loft; a secret")

    @property
    def address(self) -> str:
        return "a loft"


@dataclass(frozen=True, kw_only=True)
class Pigeon:
    name: str
    loft: Secret
    http: Http = field(repr=False)
    timeout: float

    async def deliver(self, notification: Notification, *, now: float) -> Outcome:
        notes = [cloud_event(event) for event in notification.events]
        body = json.dumps({"id": notification.id, "notes": notes}).encode()
        request = Request(
            method="POST", url=self.loft.reveal(), headers={"content-type": "application/json"}, body=body
        )
        answer = await self.http.send(request, timeout=self.timeout, limit=LIMIT)
        if isinstance(answer, Broken):
            return Retry(reason=f"{answer.how}: {answer.detail}")
        if 200 <= answer.status < 300:
            return Delivered()
        return (
            Rejected(reason=f"the loft says {answer.status}")
            if answer.status == 400
            else Retry(reason=f"HTTP {answer.status}")
        )

    async def reach(self) -> str | None:
        answer = await self.http.send(Request(method="HEAD", url=self.loft.reveal()), timeout=self.timeout, limit=LIMIT)
        return f"{answer.how}: {answer.detail}" if isinstance(answer, Broken) else None


def build_pigeon(name: str, table: PigeonTable, tools: NotifierTools) -> Pigeon:
    return Pigeon(name=name, loft=table.loft, http=tools.http, timeout=table.timeout)


PIGEON = NotifierKind(table=PigeonTable, build=build_pigeon)


class NestTable(SourceTable):
    """A nest whose eggs are jobs."""

    kind: Literal["nest"] = key(meaning="nest: eggs that hatch")
    url: SecretText = key(meaning="where the nest is; a secret")


@dataclass(frozen=True, kw_only=True)
class Nest:
    name: str
    url: Secret
    http: Http = field(repr=False)
    timeout: float
    can_list: bool = False
    living_states: tuple[str, ...] = ()

    def classify(self, state: str | None) -> StateClass:
        classes: dict[str | None, StateClass] = {"BROODING": "active", "HATCHED": "done"}
        return classes.get(state, "unknown")

    async def fetch(self, target: Target) -> Reading:
        request = Request(method="GET", url=f"{self.url.reveal()}/{target.job_id}")
        answer = await self.http.send(request, timeout=self.timeout, limit=LIMIT)
        if isinstance(answer, Broken):
            return Failed(kind="outage", reason=f"{answer.how}: {answer.detail}")
        match answer.status:
            case 200 if not answer.truncated:
                return _read(answer.body, target.digest)
            case 401:
                return Denied(reason="HTTP 401", after=60.0)
            case 403:
                return Refused(reason="HTTP 403")
            case 404:
                return Absent(reason="HTTP 404")
            case status:
                return Failed(kind="outage", reason=f"HTTP {status}")

    async def list(self, query: ListQuery) -> Listing:
        return Failed(kind="nonsense", reason="a nest has no list")


def _read(body: bytes, known: bytes | None) -> Reading:
    try:
        egg = json.loads(body)
        state = str(egg["state"])
    except (ValueError, KeyError, TypeError):
        return Failed(kind="nonsense", reason="HTTP 200, yet no egg")
    digest = hashlib.blake2b(state.encode(), digest_size=16).digest()
    return Same() if digest == known else Seen(snapshot=Snapshot(state=state, fields={"name": "an egg"}), digest=digest)


def build_nest(name: str, table: NestTable, tools: SourceTools) -> Nest:
    return Nest(name=name, url=table.url, http=tools.http, timeout=table.timeout)


NEST = SourceKind(table=NestTable, build=build_nest)
