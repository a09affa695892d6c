"""The API over a real control socket and a real SQLite file; only the daemon's loops are left out."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from poller.config import Web
from poller.core.crew import Member
from poller.core.delivery import Outcome
from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.notices import test_event as make_test_event
from poller.core.work import Told
from poller.store.store import Store, open_store
from poller.web.api import build_app
from poller.web.door import Door
from poller.web.listener import Front, serve_web
from poller.web.news import News
from poller.web.ports import SourceState
from poller.web.socket import serve_socket
from poller.web.tally import Tally
from tests.core.samples import NOON
from tests.store import making


@dataclass(kw_only=True)
class Recorded:
    """A daemon with one source and two notifiers, which remembers what rang.

    `outcome` is what becomes of the first attempt of a test event; None: there is none yet.
    """

    store: Store
    rung: list[object] = field(default_factory=list)
    stalled: str | None = None
    outcome: Outcome | None = None
    plans: Mapping[str, Json] = field(default_factory=dict)
    unread: Sequence[str] = ()
    states: Sequence[SourceState] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    unsound: Sequence[str] = ()
    tally: Tally = field(default_factory=Tally)
    news: News = field(default_factory=lambda: News(seats=3))

    def sources(self) -> Sequence[str]:
        return ["prod"]

    def notifiers(self) -> Sequence[str]:
        return ["hook", "other"]

    def jobs_changed(self, source: str) -> None:
        self.rung.append(source)

    def deliveries_changed(self, notifiers: Sequence[str]) -> None:
        self.rung.append(tuple(notifiers))

    async def acknowledge(self, source: str, job_id: str, author: str, comment: str | None) -> None:
        self.rung.append((source, job_id, author, comment))

    async def send_test(self, notifier: str) -> Event:
        event = make_test_event(notifier, now=NOON)
        await self.store.ledger.announce(Told(event=event, notifiers=(notifier,)))
        if self.outcome is not None:
            owed = await making.owed(self.store, notifier=notifier)
            await self.store.outbox.settle([making.after(one, self.outcome) for one in owed])
        return event

    async def prune(self) -> int:
        keep = {"events": 180 * 86400.0, "snapshots": 90 * 86400.0, "deliveries": 30 * 86400.0}
        return await self.store.retention.prune(now=NOON + 3650 * 86400.0, limit=1000, **keep)

    def health(self) -> tuple[bool, str]:
        return (True, "ok") if self.stalled is None else (False, self.stalled)

    def myself(self) -> Member:
        return Member(
            id="-", host="here", pid=7, version="1", started_at=NOON, beat_at=NOON, lease=0.0, alive=True, jobs=1
        )

    def missing(self) -> Sequence[str]:
        return self.unread

    def source_states(self) -> Sequence[SourceState]:
        return self.states

    def disabled(self) -> Mapping[str, str | None]:
        return {name: self.gone.get(name) for name in self.notifiers()}

    def failing(self) -> Sequence[str]:
        return [*self.gone, *self.unsound]

    def status(self) -> Mapping[str, Json]:
        return {
            "sources": self.sources(),
            "notifiers": self.notifiers(),
            "disabled": self.disabled(),
            "plans": self.plans,
        }


@dataclass(frozen=True, kw_only=True)
class Api:
    """A client, and what stands behind the socket."""

    session: aiohttp.ClientSession
    store: Store
    controls: Recorded

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        async with self.session.request(method, f"http://poller{path}", **more) as response:
            assert response.content_type == "application/json"
            return response.status, await response.json()

    async def get(self, path: str, **query: str | int) -> Any:
        status, answer = await self.ask("GET", path, params=query)
        assert status == 200, answer
        return answer

    async def post(self, path: str, body: object = None) -> Any:
        status, answer = await self.ask("POST", path, json=body)
        assert status in {200, 201, 202}, answer
        return answer

    async def refusal(self, method: str, path: str, **more: Any) -> tuple[int, str, str | None]:
        status, answer = await self.ask(method, path, **more)
        assert status >= 400, answer
        assert set(answer) == {"error"}
        assert set(answer["error"]) == {"message", "place"}
        return status, answer["error"]["message"], answer["error"]["place"]


@asynccontextmanager
async def client(socket: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=str(socket))) as session:
        yield session


def app_of(store: Store, controls: Recorded, door: Door | None = None) -> web.Application:
    return build_app(
        door,
        controls=controls,
        registry=store.registry,
        archive=store.archive,
        outbox=store.backlog,
        tally=controls.tally,
        news=controls.news,
        silences=store.silences,
        now=lambda: NOON,
    )


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Api]:
    async with open_store(folder / "poller.db") as store:
        controls = Recorded(store=store)
        app = app_of(store, controls)
        async with serve_socket(app, folder / "poller.sock"), client(folder / "poller.sock") as session:
            yield Api(session=session, store=store, controls=controls)


@asynccontextmanager
async def listening(api: Api, wanted: Web | None) -> AsyncIterator[Front]:
    """The same API over TCP."""
    async with serve_web(partial(app_of, api.store, api.controls), wanted) as front:
        yield front


def silent() -> web.Application:
    """An application that has nothing to say."""
    return web.Application()
