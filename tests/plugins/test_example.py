"""The example plug-in passes the suites that plug-in authors run."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from poller.core.delivery import Rejected
from poller.core.secret import Secret
from poller.net.session import Http
from poller.notifiers.ports import Http as HttpPort
from poller.notifiers.ports import Notifier, NotifierTools
from poller.sources.ports import Source, SourceTools
from poller.testing.http_notifiers import HttpStage, staging
from poller.testing.notifiers import NotifierContract
from poller.testing.receiver import Receiver, receiving
from poller.testing.sources import SourceContract, SourceStage, UpstreamWay
from tests.plugins.package.poller_pigeon import NEST, PIGEON, NestTable, PigeonTable


class TestPigeon(NotifierContract):
    def stage(self) -> AbstractAsyncContextManager[HttpStage]:
        def make(url: str, timeout: float, http: HttpPort) -> Notifier:
            table = PigeonTable(kind="pigeon", loft=Secret(f"{url}/loft-token"), timeout=timeout)
            return PIGEON.build("stage", table, NotifierTools(http=http, strict=http))

        return staging(make, secrets=("loft-token",), refusal=Rejected)


class HandClock:
    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0


@dataclass(kw_only=True)
class NestStage:
    upstream: Receiver
    http: Http
    job_id: str = "egg-1"
    secrets: tuple[str, ...] = ("nest-token", "13800138000")
    url: str = ""

    def source(self, *, timeout: float) -> Source:
        url = f"{self.url or self.upstream.url}/nest-token"
        table = NestTable(kind="nest", url=Secret(url), timeout=timeout)
        return NEST.build("stage", table, SourceTools(http=self.http, clock=HandClock()))

    async def behaves(self, way: UpstreamWay) -> None:
        if way == "absent":
            self.url = "http://127.0.0.1:1"
        UPSTREAM[way](self.upstream)


UPSTREAM: Mapping[UpstreamWay, Callable[[Receiver], None]] = {
    "answers": lambda upstream: upstream.says(200, text='{"state": "BROODING", "phone": "13800138000"}'),
    "changes": lambda upstream: upstream.says(200, text='{"state": "HATCHED"}'),
    "no such job": lambda upstream: upstream.says(404),
    "denies": lambda upstream: upstream.echoes(401),
    "fails": lambda upstream: upstream.echoes(503),
    "hangs": lambda upstream: upstream.hangs(),
    "breaks": lambda upstream: upstream.hangs_up(),
    "floods": lambda upstream: upstream.never_ends(200),
    "babbles": lambda upstream: upstream.says(200, text="<html>13800138000</html>"),
    "absent": lambda upstream: upstream.says(500),
}


class TestNest(SourceContract):
    def stage(self) -> AbstractAsyncContextManager[SourceStage]:
        return nest_stage()


@asynccontextmanager
async def nest_stage() -> AsyncIterator[NestStage]:
    async with receiving() as upstream, Http() as http:
        stage = NestStage(upstream=upstream, http=http)
        await stage.behaves("answers")
        yield stage


def test_the_entry_points_of_the_example_lead_to_its_kinds() -> None:
    assert (PIGEON.table, NEST.table) == (PigeonTable, NestTable)
