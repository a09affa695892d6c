"""What goes out is what the Request says, byte for byte, and nothing is added, followed, kept or repeated."""

from collections.abc import AsyncIterator, Mapping

import pytest

from poller import __version__
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.net.session import Http
from tests.net.wire import OK, wire

SECONDS = 5.0
LIMIT = 1000


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


async def send(
    http: Http, url: str, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Exchange:
    request = Request(method=method, url=url, headers=headers or {}, body=body)
    return await http.send(request, timeout=SECONDS, limit=LIMIT)


async def test_a_get_has_no_headers_but_its_own_and_the_connections(http: Http) -> None:
    async with wire() as server:
        await send(http, server.url("/v1/jobs"), headers={"X-Project-Id": "0c", "x-lower": "a b"})
    assert server.received == [
        b"GET /v1/jobs HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"User-Agent: poller/%s\r\n"
        b"Accept-Encoding: identity\r\n"
        b"X-Project-Id: 0c\r\n"
        b"x-lower: a b\r\n"
        b"\r\n" % (server.port, __version__.encode())
    ]


async def test_a_post_has_its_length_its_body_and_no_invented_content_type(http: Http) -> None:
    async with wire() as server:
        await send(http, server.url(), "POST", b'{"a": "\xc3\xa9"}', {"webhook-id": "1"})
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    assert body == b'{"a": "\xc3\xa9"}'
    assert b"\r\nContent-Length: 11\r\n" in head + b"\r\n"
    assert b"content-type" not in head.lower()
    assert b"accept:" not in head.lower()


@pytest.mark.parametrize(
    "target",
    [
        "/?a=%2C&b=%2c",
        "/a%2Fb/%C3%A9/%7E~?q=%20&r=+&s=a%2Bb",
        "/?url=http://x/y&empty=&flag",
        "//double//slash/",
        "/a/../b/./c",
        "/%",
        "/;p=1,2@:!$'()*?x=[]|\"<>^`{}\\",
    ],
)
async def test_the_target_is_sent_exactly_as_written(http: Http, target: str) -> None:
    async with wire() as server:
        await send(http, server.url(target))
    assert server.received[0].split(b"\r\n")[0] == f"GET {target} HTTP/1.1".encode()


async def test_a_fragment_stays_at_home(http: Http) -> None:
    async with wire() as server:
        await send(http, server.url("/a?b#c"))
    assert server.received[0].startswith(b"GET /a?b HTTP/1.1\r\n")


async def test_a_host_header_that_was_signed_goes_out_as_signed(http: Http) -> None:
    async with wire() as server:
        await send(http, server.url(), headers={"Host": "Signed.Example:443"})
    assert server.received[0].lower().count(b"\r\nhost:") == 1
    assert b"\r\nHost: Signed.Example:443\r\n" in server.received[0]


async def test_the_callers_user_agent_wins(http: Http) -> None:
    async with wire() as server:
        await send(http, server.url(), headers={"user-agent": "mine"})
    assert server.received[0].lower().count(b"user-agent") == 1
    assert b": mine\r\n" in server.received[0]


async def test_a_password_in_the_url_becomes_basic_authorisation_and_the_query_stays_as_written(http: Http) -> None:
    async with wire() as server:
        await send(http, server.url("/a?x=%2C").replace("http://", "http://user:p%40ss@"))
    assert server.received[0].startswith(b"GET /a?x=%2C HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Basic dXNlcjpwQHNz\r\n" in server.received[0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/relative",
        "http://",
        "http:///path",
        "ftp://127.0.0.1/",
        "ws://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://[::1/",
        "http://a..b/",
        f"http://{'a' * 64}.example/",
        "http://127.0.0.1/ HTTP/1.1\r\nX-Smuggled: 1",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\x00",
        "http://127.0.0.1/é",
        "http://é.example/",
    ],
)
async def test_an_invalid_url_is_broken_and_not_shown(http: Http, url: str) -> None:
    answer = await send(http, url)
    assert isinstance(answer, Broken)
    assert answer.how == "protocol"
    assert not url or url not in answer.detail


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"X-A": "b\r\nX-Smuggled: 1"}),
        ("GET", {"X-A\r\nX-Smuggled": "1"}),
        ("GET /smuggled HTTP/1.1\r\nX: y\r\n\r\nGET", {}),
    ],
)
async def test_what_would_break_the_request_apart_is_not_sent(http: Http, method: str, headers: dict[str, str]) -> None:
    async with wire() as server:
        answer = await send(http, server.url(), method, b"", headers)
    assert isinstance(answer, Broken)
    assert answer.how == "protocol"
    assert server.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(http: Http, status: int) -> None:
    async with wire(b"HTTP/1.1 %d Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" % status) as server:
        answer = await send(http, server.url(), "POST", b"x")
    assert isinstance(answer, Reply)
    assert (answer.status, answer.headers["location"]) == (status, "/elsewhere")
    assert len(server.received) == 1


async def test_cookies_are_not_kept(http: Http) -> None:
    async with wire(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") as server:
        await send(http, server.url())
        await send(http, server.url())
    assert b"cookie" not in server.received[1].lower()


async def test_proxies_and_netrc_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login user password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with wire() as proxy, wire() as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        monkeypatch.setenv("no_proxy", "")
        async with Http() as http:
            assert isinstance(await send(http, server.url()), Reply)
    assert proxy.connections == 0
    assert b"authorization" not in server.received[0].lower()


async def test_a_connection_is_used_again_when_the_answer_was_read_whole(http: Http) -> None:
    async with wire() as server:
        for _ in range(3):
            await send(http, server.url())
        await send(http, server.url(), "POST", b"x")
    assert (server.connections, len(server.received)) == (1, 4)


async def test_a_get_that_met_a_closed_connection_goes_out_once_more(http: Http) -> None:
    async with wire(lambda number: None if number == 2 else OK) as server:
        first = await send(http, server.url())
        answer = await send(http, server.url())
    assert isinstance(answer, Reply)
    assert (first.resent, answer.resent) == (False, True)
    assert (server.connections, len(server.received)) == (2, 3)


async def test_a_get_that_is_dropped_on_a_fresh_connection_is_not_repeated(http: Http) -> None:
    async with wire(lambda _: None) as server:
        answer = await send(http, server.url())
    assert answer == Broken(how="disconnected", detail="disconnected before an answer")
    assert len(server.received) == 1


async def test_a_get_is_not_repeated_more_than_once(http: Http) -> None:
    async with wire(lambda number: OK if number == 1 else None) as server:
        await send(http, server.url())
        answer = await send(http, server.url())
    assert isinstance(answer, Broken)
    assert answer.resent
    assert len(server.received) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_may_have_had_an_effect_is_never_repeated(http: Http, method: str) -> None:
    async with wire(lambda number: OK if number == 1 else None) as server:
        await send(http, server.url())
        answer = await send(http, server.url(), method, b"x")
    assert isinstance(answer, Broken)
    assert answer.how == "disconnected"
    assert len(server.received) == 2


async def test_sending_outside_of_the_context_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await send(Http(), "http://127.0.0.1/")
