"""What every kind of source does, against a real server: a new kind is one more line of `KINDS`."""

import anyio
import pytest

from poller.core.reading import Absent, Denied, Failed, Listing, ListQuery, Page, Reading, Refused, Same, Seen, Target
from poller.core.vocabulary import CLASSES
from poller.net.session import Http
from poller.sources.kinds import KINDS as KINDS_BUILT
from poller.sources.kinds import build
from poller.sources.ports import Source
from tests.sources.conftest import HandClock
from tests.sources.kinds_under_test import KINDS, KindUnderTest
from tests.sources.upstream import Upstream


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> KindUnderTest:
    assert isinstance(request.param, KindUnderTest)
    return request.param


@pytest.fixture
def source(kind: KindUnderTest, server: Upstream, http: Http, clock: HandClock) -> Source:
    return build("prod", kind.configured(server.url), http, clock)


async def fetch(source: Source, job_id: str, digest: bytes | None = None) -> Reading:
    with anyio.fail_after(10):
        return await source.fetch(Target(job_id=job_id, digest=digest))


async def list_jobs(source: Source, limit: int = 2) -> Listing:
    with anyio.fail_after(10):
        return await source.list(ListQuery(offset=0, limit=limit))


def test_every_kind_is_under_test() -> None:
    assert set(KINDS) == set(KINDS_BUILT)


def test_it_has_the_name_of_its_table_and_classes_states(kind: KindUnderTest, source: Source) -> None:
    assert source.name == "prod"
    assert {source.classify(kind.state), source.classify(kind.other_state)} <= set(CLASSES) - {"unknown"}
    assert source.classify("NEVER_HEARD_OF") == source.classify(None) == "unknown"


async def test_an_answer_is_seen_once_and_then_the_same_until_it_changes(
    kind: KindUnderTest, source: Source, server: Upstream
) -> None:
    kind.good(server)
    first = await fetch(source, kind.job_id)
    assert isinstance(first, Seen)
    assert first.snapshot.state == kind.state
    kind.resigned(server)
    assert await fetch(source, kind.job_id, first.digest) == Same(calls=kind.calls)
    assert await fetch(source, kind.job_id) == first
    kind.changed(server)
    changed = await fetch(source, kind.job_id, first.digest)
    assert isinstance(changed, Seen)
    assert changed.snapshot.state == kind.other_state
    assert changed.digest != first.digest
    assert len(server.got) == 4 * kind.calls
    assert first.calls == changed.calls == kind.calls


async def test_another_instance_gives_the_same_digest(
    kind: KindUnderTest, source: Source, server: Upstream, http: Http, clock: HandClock
) -> None:
    kind.good(server)
    first = await fetch(source, kind.job_id)
    assert isinstance(first, Seen)
    after_restart = build("prod", kind.configured(server.url), http, clock)
    assert await fetch(after_restart, kind.job_id, first.digest) == Same(calls=kind.calls)


async def test_trouble_is_told_apart(kind: KindUnderTest, source: Source, server: Upstream) -> None:
    readings = []
    for says in (kind.absent, kind.refused, kind.throttled, kind.down, kind.nonsense):
        says(server)
        readings.append(await fetch(source, kind.job_id))
    absent, refused, throttled, down, nonsense = readings
    assert isinstance(absent, Absent)
    assert isinstance(refused, Refused)
    assert isinstance(throttled, Failed)
    assert (throttled.kind, throttled.after) == ("throttled", 7.0)
    assert isinstance(down, Failed)
    assert down.kind == "outage"
    assert isinstance(nonsense, Failed)
    assert nonsense.kind == "nonsense"
    assert all(reading.reason for reading in (absent, refused, throttled, down, nonsense))
    assert len(server.got) == 5


async def test_an_upstream_that_is_not_there_is_an_outage(kind: KindUnderTest, http: Http, clock: HandClock) -> None:
    source = build("prod", kind.configured("http://127.0.0.1:9"), http, clock)
    reading = await fetch(source, kind.job_id)
    assert isinstance(reading, Failed)
    assert reading.kind == "outage"


async def test_refused_credentials_deny_the_source_and_stop_the_requests(
    kind: KindUnderTest, source: Source, server: Upstream, clock: HandClock
) -> None:
    kind.denied(server)
    denied = await fetch(source, kind.job_id)
    assert isinstance(denied, Denied)
    assert denied.after > 0
    asked = len(server.got)
    assert asked <= 3
    assert isinstance(await fetch(source, kind.job_id), Denied)
    assert len(server.got) == asked
    kind.good(server)
    clock.at += denied.after
    assert isinstance(await fetch(source, kind.job_id), Seen)


async def test_a_list_page_shows_jobs_with_their_states_in_one_request(
    kind: KindUnderTest, source: Source, server: Upstream
) -> None:
    assert source.can_list
    kind.listed(server)
    page = await list_jobs(source)
    assert isinstance(page, Page), page
    assert len(server.got) == 1
    first, second = page.jobs
    assert (first.job_id, first.snapshot.state) == (kind.job_id, kind.state)
    assert second.job_id != kind.job_id
    assert (page.total, page.full) == (7, True)
    assert first.snapshot.entries == ()
    assert first.created_at is not None
    kind.good(server)
    seen = await fetch(source, kind.job_id)
    assert isinstance(seen, Seen)
    assert first.snapshot.fields.items() <= seen.snapshot.fields.items()


async def test_trouble_with_a_list_is_told_apart_and_makes_no_job_absent(
    kind: KindUnderTest, source: Source, server: Upstream
) -> None:
    listings = []
    for says in (kind.absent, kind.refused, kind.throttled, kind.down, kind.nonsense):
        says(server)
        listings.append(await list_jobs(source))
    absent, refused, throttled, down, nonsense = listings
    assert isinstance(absent, Refused)
    assert isinstance(refused, Refused)
    assert isinstance(throttled, Failed)
    assert (throttled.kind, throttled.after) == ("throttled", 7.0)
    assert isinstance(down, Failed)
    assert down.kind == "outage"
    assert isinstance(nonsense, Failed)
    assert nonsense.kind == "nonsense"
    kind.denied(server)
    assert isinstance(await list_jobs(source), Denied)
    assert isinstance(await fetch(source, kind.job_id), Denied)


async def test_no_reading_shows_a_secret(
    kind: KindUnderTest, source: Source, server: Upstream, http: Http, clock: HandClock
) -> None:
    shown = repr(source)
    for says in (kind.good, kind.absent, kind.refused, kind.throttled, kind.down, kind.nonsense, kind.denied):
        says(server)
        shown += repr(await fetch(source, kind.job_id)) + repr(await list_jobs(source))
    kind.listed(server)
    shown += repr(await list_jobs(build("other", kind.configured(server.url), http, clock)))
    assert [secret for secret in kind.secrets if secret in shown] == []


@pytest.mark.parametrize("job_id", ["", ".", "..", "../..", "a/b", "a?b=c#d", "客服", "%2e%2e", "a\nb", "a b"])
async def test_no_job_id_reaches_another_address(
    kind: KindUnderTest, source: Source, server: Upstream, job_id: str
) -> None:
    kind.absent(server)
    await fetch(source, kind.job_id)
    assert isinstance(await fetch(source, job_id), Absent | Refused)
    good, *odd = [got.path.rpartition("/")[0] for got in server.got]
    assert odd in ([], [good])
