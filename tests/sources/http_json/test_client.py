"""The source against a real server: what it sends, how much it reads, what it does when credentials are refused."""

import json
import time

import anyio
import pytest
from aiohttp import web

from poller.config import HttpJsonConfig, LogConfig, SecretUrl
from poller.core.reading import Absent, Denied, Failed, ListQuery, Page, Refused, Seen, Target
from poller.core.secret import Secret
from poller.net.session import Http
from poller.sources.http_json.client import MAX_ANSWER
from poller.sources.kinds import Gates, build, gate_key
from poller.sources.ports import Source
from tests.sources.conftest import HandClock
from tests.sources.upstream import Upstream


def table(address: str, **more: object) -> HttpJsonConfig:
    settings: dict[str, object] = {"url": SecretUrl(f"{address}/jobs/{{job_id}}"), "state": "state", "timeout": 2.0}
    return HttpJsonConfig.model_validate({"kind": "http-json", **settings, **more})


@pytest.fixture
def source(server: Upstream, http: Http, clock: HandClock) -> Source:
    return build("ci", table(server.url), http, clock)


async def test_one_get_with_the_configured_headers_and_no_others(
    server: Upstream, http: Http, clock: HandClock
) -> None:
    server.says(b'{"state":"on"}')
    headers = {"X-Team": Secret("a"), "accept": Secret("application/vnd.x+json")}
    source = build("ci", table(server.url, headers=headers, bearer=Secret("tok")), http, clock)
    assert isinstance(await source.fetch(Target(job_id="a:b~c")), Seen)
    (got,) = server.got
    assert (got.method, got.path, got.body) == ("GET", "/jobs/a%3Ab~c", b"")
    assert {name: got.headers[name] for name in ("x-team", "accept", "authorization")} == {
        "x-team": "a",
        "accept": "application/vnd.x+json",
        "authorization": "Bearer tok",
    }
    assert set(got.headers) <= {"host", "user-agent", "accept-encoding", "x-team", "accept", "authorization"}


async def test_json_is_asked_for_unless_headers_say_otherwise(source: Source, server: Upstream) -> None:
    server.says(b'{"state":"on"}')
    await source.fetch(Target(job_id="1"))
    assert server.got[0].headers["accept"] == "application/json"
    assert "authorization" not in server.got[0].headers


async def test_the_job_id_may_stand_in_the_query_and_twice(server: Upstream, http: Http, clock: HandClock) -> None:
    server.says(b'{"state":"on"}')
    url = SecretUrl(f"{server.url}/{{job_id}}?id={{job_id}}&token=hunter2")
    source = build("ci", table(server.url, url=url), http, clock)
    await source.fetch(Target(job_id="a&b=c"))
    assert server.got[0].path == "/a%26b%3Dc?id=a%26b%3Dc&token=hunter2"
    assert "hunter2" not in repr(source) + repr(table(server.url, url=url))


async def test_a_redirect_is_not_followed(source: Source, server: Upstream) -> None:
    server.says(b"", 302, {"Location": f"{server.url}/elsewhere"})
    told = await source.fetch(Target(job_id="1"))
    assert isinstance(told, Failed)
    assert told.kind == "nonsense"
    assert len(server.got) == 1


async def test_an_answer_that_is_too_long_is_nonsense_and_not_read_to_its_end(source: Source, server: Upstream) -> None:
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(4 * MAX_ANSWER // 65536):
            await answer.write(b" " * 65536)
            sent += 65536
        return answer

    server.answer = endless
    told = await source.fetch(Target(job_id="1"))
    assert isinstance(told, Failed)
    assert "too long" in told.reason
    assert sent < 4 * MAX_ANSWER


async def test_a_wide_answer_of_four_megabytes_and_an_expression_that_flattens_it_do_not_stop_the_loop(
    server: Upstream, http: Http, clock: HandClock
) -> None:
    body = b'{"state":"on","x":[' + b"[1,2]," * ((MAX_ANSWER - 40) // 6) + b"[]]}"
    assert MAX_ANSWER - 100 < len(body) <= MAX_ANSWER
    server.says(body)
    log = LogConfig(entries="x[][].a[][]", time="[@,@][] | [@,@][]")
    source = build("ci", table(server.url, log=log, keep={"all": "x[]", "sorted": "sort_by(x, &[0])"}), http, clock)
    began = time.process_time()
    told = await source.fetch(Target(job_id="1"))
    assert time.process_time() - began < 5
    assert isinstance(told, Seen)
    assert told.snapshot.state == "on"
    assert told.snapshot.doubtful == {"operation_logs", "all", "sorted"}


async def test_refused_credentials_are_tried_no_more_than_thrice_and_sources_that_share_them_rest_together(
    server: Upstream, http: Http, clock: HandClock
) -> None:
    server.says(b'{"message":"Bad credentials"}', 401)
    gates: Gates = {}
    first = build("a", table(server.url, bearer=Secret("t")), http, clock, gates)
    second = build("b", table(server.url, bearer=Secret("t"), state="other"), http, clock, gates)
    corrected = build("c", table(server.url, bearer=Secret("new")), http, clock, gates)
    assert isinstance(await first.fetch(Target(job_id="1")), Denied)
    assert len(server.got) == 3
    assert isinstance(await second.fetch(Target(job_id="1")), Denied)
    assert len(server.got) == 3
    server.says(b'{"state":"on"}')
    assert isinstance(await corrected.fetch(Target(job_id="1")), Seen)
    assert len({gate_key(table(server.url, headers={"X": Secret(value)})) for value in "aab"}) == 2


async def test_an_unread_body_does_not_prove_the_credentials(source: Source, server: Upstream) -> None:
    server.says(b"<html>login")
    async with anyio.create_task_group() as group:
        for job in range(5):
            group.start_soon(source.fetch, Target(job_id=str(job)))
    assert server.most_at_once == 1


async def test_without_pages_there_is_no_list(source: Source, server: Upstream) -> None:
    assert not source.can_list
    assert isinstance(await source.list(ListQuery(offset=0, limit=100)), Refused)
    assert server.got == []


async def test_a_list_is_asked_for_by_offset_or_by_page_from_a_time_on(
    server: Upstream, http: Http, clock: HandClock
) -> None:
    pages = {
        "url": SecretUrl(f"{server.url}/jobs?o={{offset}}&n={{limit}}&p={{page}}&s={{create_since}}"),
        "items": "@",
    }
    source = build("ci", table(server.url, id="id", pages=pages), http, clock)
    server.says(json.dumps([{"id": at, "state": "on"} for at in range(100)]).encode())
    page = await source.list(ListQuery(offset=300, limit=100, create_since=1_702_123_200.0, states=("on",)))
    assert isinstance(page, Page)
    assert (len(page.jobs), page.total, page.full) == (100, 401, True)
    await source.list(ListQuery(offset=0, limit=100))
    assert [got.path for got in server.got] == [
        "/jobs?o=300&n=100&p=4&s=2023-12-09T12%3A00%3A00.000Z",
        "/jobs?o=0&n=100&p=1&s=1970-01-01T00%3A00%3A00.000Z",
    ]


async def test_classes_are_globs_of_which_the_first_counts(server: Upstream, http: Http, clock: HandClock) -> None:
    classes = {"done/ok": "done", "done/*": "failed", "[0-9]*": "active", "WAIT?": "waiting_on_us"}
    source = build("ci", table(server.url, classes=classes), http, clock)
    states = ["done/ok", "done/no", "7", "WAITS", "waits", "", "x", None]
    expected = ["done", "failed", "active", "waiting_on_us", "unknown", "unknown", "unknown", "unknown"]
    assert [source.classify(state) for state in states] == expected


async def test_other_statuses_may_mean_that_there_is_no_such_job(
    server: Upstream, http: Http, clock: HandClock
) -> None:
    server.says(b'{"error":"unknown job"}', 422)
    source = build("ci", table(server.url, not_found=[422]), http, clock)
    assert isinstance(await source.fetch(Target(job_id="1")), Absent)
    server.says(b"{}", 404)
    assert isinstance(await source.fetch(Target(job_id="1")), Refused)
