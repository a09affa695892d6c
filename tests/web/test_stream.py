"""Server-sent events: what is committed comes at once and once, a stream resumes where it broke, and nobody hurts the others."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from anyio.abc import SocketStream

from poller.config import Web
from poller.core.secret import Secret
from poller.web import stream
from tests.process.daemon import until
from tests.store import making
from tests.web.asking import Api, client, listening, serving

STREAM = "/api/v1/events/stream"


class Reader:
    """A client that reads one stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def line(self) -> str:
        with anyio.fail_after(10):
            return (await self.response.content.readline()).decode().rstrip("\n")

    async def event(self) -> tuple[int, dict[str, Any]]:
        """The next event: its id and its data."""
        fields: dict[str, str] = {}
        while "data" not in fields:
            name, _, value = (await self.line()).partition(": ")
            fields |= {name: value}
        return int(fields["id"]), json.loads(fields["data"])

    async def ids(self, count: int) -> list[str]:
        return [(await self.event())[1]["id"] for _ in range(count)]


@asynccontextmanager
async def following(api: Api, query: str = "", **headers: str) -> AsyncIterator[Reader]:
    async with api.session.get(f"http://poller{STREAM}{query}", headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        reader = Reader(response)
        assert await reader.line() == "retry: 3000"
        yield reader


async def _tell(api: Api, job_id: str, *sequences: int) -> None:
    await making.tell(api.store, job_id, *sequences)
    api.controls.news.ring()


async def test_what_is_committed_comes_in_order_and_is_what_the_list_shows(api: Api) -> None:
    await _tell(api, "old", 1)
    async with following(api) as reader:
        await _tell(api, "a", 1, 2)
        await _tell(api, "b", 1)
        received = [await reader.event() for _ in range(3)]

    listed = (await api.get("/api/v1/events", after=1))["items"]
    assert [event for _, event in received] == listed
    assert [position for position, _ in received] == [2, 3, 4]


async def test_a_stream_begins_behind_the_position_it_is_given(api: Api) -> None:
    await _tell(api, "a", 1, 2, 3)

    async with following(api, "?after=0") as reader:
        assert await reader.ids(3) == ["a-1", "a-2", "a-3"]
    async with following(api, "?after=2") as reader:
        assert await reader.ids(1) == ["a-3"]


@pytest.mark.parametrize("last", ["2", "a-2"])
async def test_a_stream_that_broke_resumes_behind_the_last_event_seen(api: Api, last: str) -> None:
    await _tell(api, "a", 1, 2, 3)

    async with following(api, "?after=0", **{"Last-Event-ID": last}) as reader:
        assert await reader.ids(1) == ["a-3"]


async def test_an_event_that_is_not_known_is_no_place_to_resume(api: Api) -> None:
    assert (await api.refusal("GET", STREAM, headers={"Last-Event-ID": "nobody"}))[::2] == (400, "Last-Event-ID")


@pytest.mark.parametrize(("query", "place"), [("?sauce=prod", "sauce"), ("?after=-1", "after"), ("?type=x", "type")])
async def test_a_wrong_query_is_refused_before_the_stream_begins(api: Api, query: str, place: str) -> None:
    assert (await api.refusal("GET", STREAM + query))[::2] == (400, place)


async def test_a_filter_leaves_out_the_others_and_misses_nothing(api: Api) -> None:
    async with following(api, "?job_id=b") as reader:
        await _tell(api, "a", *range(1, stream.PAGE + 50))
        await _tell(api, "b", 1)
        await _tell(api, "a", stream.PAGE + 51)
        await _tell(api, "b", 2)
        assert await reader.ids(2) == ["b-1", "b-2"]


async def test_many_events_come_page_after_page(api: Api) -> None:
    count = 2 * stream.PAGE + 1
    await _tell(api, "a", *range(1, count + 1))

    async with following(api, "?after=0") as reader:
        assert await reader.ids(count) == [f"a-{number}" for number in range(1, count + 1)]


async def test_silence_is_broken_by_a_comment_and_events_without_a_ring_are_found(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    monkeypatch.setattr(stream, "LOOK_EVERY", 0.02)
    async with following(api) as reader:
        assert [await reader.line() for _ in range(3)] == ["", ": alive", ""]
        await making.tell(api.store, "a", 1)
        assert await reader.ids(1) == ["a-1"]


async def test_the_number_of_streams_is_bounded_and_one_that_ends_makes_room(api: Api) -> None:
    async with following(api), following(api):
        async with following(api):
            async with api.session.get(f"http://poller{STREAM}") as response:
                assert (response.status, response.headers["Retry-After"]) == (503, "10")
            assert (await api.ask("GET", "/healthz"))[0] == 200
        api.controls.news.ring()
        await until(lambda: api.controls.news.followers == 2)
        async with following(api):
            pass


async def _left_for(sleeper: SocketStream) -> int:
    """How many bytes were sent to one that did not read, until it was cut off."""
    received = 0
    with anyio.fail_after(10), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while True:
            received += len(await sleeper.receive())
    return received


async def test_one_that_does_not_read_is_cut_off_and_the_others_go_on(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stream, "PATIENCE", 0.2)
    await _tell(api, "a", *range(1, 2001))
    socket = str(api.store.database.place.file).replace("poller.db", "poller.sock")
    async with await anyio.connect_unix(socket) as sleeper:
        await sleeper.send(f"GET {STREAM}?after=0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with following(api, "?after=1999") as reader:
            assert await reader.ids(1) == ["a-2000"]
            await _tell(api, "b", 1)
            assert await reader.ids(1) == ["b-1"]
            await until(lambda: api.controls.news.followers == 1)
        assert 0 < await _left_for(sleeper) < 2000 * 300


async def test_streams_end_when_the_server_does(tmp_path: Path) -> None:
    async with client(tmp_path / "poller.sock") as session:
        with anyio.fail_after(10):
            async with serving(tmp_path) as api:
                began = anyio.current_time()
                response = await session.get(f"http://poller{STREAM}")
                assert await response.content.readline() == b"retry: 3000\n"
                assert api.store.database.is_sqlite
            assert anyio.current_time() - began < 1.5
            assert await response.content.read() == b"\n"


async def test_a_stream_ends_when_the_token_that_opened_it_is_replaced(api: Api) -> None:
    def web(token: str) -> Web:
        return Web(listen="127.0.0.1:0", token=Secret(token))

    headers = {"Authorization": "Bearer old"}
    async with (
        listening(api, web("old")) as front,
        aiohttp.ClientSession(f"http://{front.addresses[0]}") as session,
        session.get(STREAM, headers=headers) as response,
    ):
        assert await response.content.readline() == b"retry: 3000\n"
        async with front.changing(web("old")):
            pass
        await _tell(api, "a", 1)
        assert await Reader(response).ids(1) == ["a-1"]
        async with front.changing(web("new")):
            pass
        await _tell(api, "b", 1)
        with anyio.fail_after(10):
            assert b"b-1" not in await response.content.read()
