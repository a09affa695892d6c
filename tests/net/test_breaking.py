"""Everything that can go wrong before a status line is one Broken, which says what happened and not to whom."""

import resource
import socket
import ssl
import struct
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.net.session import Http
from tests.net.wire import OK, Names, wire

CERTIFICATE = Path(__file__).with_name("self_signed.pem")  # of localhost and 127.0.0.1, signed by itself, valid to 2125
SOON = 0.2


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as http:
        yield http


async def get(http: Http, url: str, *, within: float = 5.0) -> Exchange:
    return await http.send(Request(method="GET", url=url), timeout=within, limit=1000)


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def outdated_tls() -> ssl.SSLContext:
    context = server_tls()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.1, which is what this is about
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, kept from others."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@asynccontextmanager
async def listening(handler: Callable[[SocketStream], Awaitable[None]]) -> AsyncIterator[int]:
    """The port where `handler` gets every connection."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handler)
        yield listener.extra(SocketAttribute.local_port)
        group.cancel_scope.cancel()


@pytest.mark.parametrize("within", [SOON, SOON * 2])
async def test_no_answer_by_the_deadline_is_a_timeout(http: Http, within: float) -> None:
    async with wire(b"", after="hold") as server:
        started = anyio.current_time()
        assert await get(http, server.url(), within=within) == Broken(how="timeout", detail="no answer in time")
        assert within <= anyio.current_time() - started < within + 1
        with anyio.fail_after(5):
            await server.gone.wait()


async def test_a_head_that_does_not_end_by_the_deadline_is_a_timeout(http: Http) -> None:
    async with wire(b"HTTP/1.1 200 OK\r\nX-Half:", after="hold") as server:
        assert await get(http, server.url(), within=SOON) == Broken(how="timeout", detail="no answer in time")


async def test_a_connection_that_is_not_made_by_the_deadline_is_a_timeout(http: Http) -> None:
    with socket.socket() as full:  # a listener whose queue is full leaves newcomers without a word
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.socket() as first, socket.socket() as second:
            for waiting in (first, second):
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            answer = await get(http, f"http://127.0.0.1:{full.getsockname()[1]}/", within=SOON)
    assert answer == Broken(how="timeout", detail="no answer in time")


async def test_waiting_for_a_free_connection_counts_as_well() -> None:
    async with wire(b"", after="hold") as server, Http(connections=1) as http, anyio.create_task_group() as group:
        group.start_soon(get, http, server.url())
        with anyio.fail_after(5):
            await server.asked.wait()
        assert await get(http, server.url(), within=SOON) == Broken(how="timeout", detail="no answer in time")
        group.cancel_scope.cancel()


@pytest.mark.parametrize("within", [0.0, -1.0])
async def test_with_no_time_left_nothing_is_sent(http: Http, within: float) -> None:
    async with wire() as server:
        answer = await get(http, server.url(), within=within)
    assert isinstance(answer, Broken)
    assert (answer.how, server.connections) == ("timeout", 0)


async def test_cancellation_passes_through_and_closes_the_connection(http: Http) -> None:
    for raw in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"):
        async with wire(raw, after="hold") as server:
            with anyio.move_on_after(SOON) as scope:
                await get(http, server.url(), within=60.0)
            assert scope.cancelled_caught
            with anyio.fail_after(5):
                await server.gone.wait()


async def test_a_refused_connection_says_so(http: Http) -> None:
    with closed_port() as port:
        assert await get(http, f"http://127.0.0.1:{port}/") == Broken(how="connect", detail="connection refused")


async def test_a_name_that_does_not_resolve_says_so_and_is_not_shown(http: Http) -> None:
    answer = await get(http, "http://secret-receiver.invalid/")
    assert isinstance(answer, Broken)
    assert answer.how == "connect"
    assert answer.detail.startswith("the host name does not resolve")
    assert "secret" not in answer.detail


async def test_a_reset_connection_says_so(http: Http) -> None:
    async def reset(stream: SocketStream) -> None:
        await stream.receive()
        linger_not_at_all = struct.pack("ii", 1, 0)
        stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not_at_all)
        await stream.aclose()

    async with listening(reset) as port:
        answer = await get(http, f"http://127.0.0.1:{port}/")
    assert answer == Broken(how="disconnected", detail="disconnected before an answer: connection reset by peer")


async def test_a_self_signed_certificate_is_refused_with_the_reason(http: Http) -> None:
    async with wire(tls=server_tls()) as server:
        answer = await get(http, server.url())
    assert answer == Broken(how="connect", detail="certificate refused: self-signed certificate")
    assert server.received == []


async def test_a_certificate_of_another_name_is_refused_without_telling_the_name() -> None:
    async with wire(tls=server_tls()) as server, Http(tls=trusting(), resolver=Names("127.0.0.1")) as http:
        answer = await get(http, f"https://secret.example:{server.port}/")
    assert answer == Broken(how="connect", detail="certificate refused: it is for another host name")


async def test_a_trusted_certificate_is_accepted_and_the_connection_reused() -> None:
    async with wire(tls=server_tls()) as server, Http(tls=trusting()) as http:
        answers = [await get(http, server.url()) for _ in range(3)]
    assert all(isinstance(answer, Reply) and answer.body == b"ok" for answer in answers)
    assert server.connections == 1


async def test_tls_older_than_1_2_is_refused(http: Http) -> None:
    async with wire(tls=outdated_tls()) as server:
        answer = await get(http, server.url())
    assert isinstance(answer, Broken)
    assert (answer.how, server.received) == ("connect", [])


async def test_plain_http_where_tls_was_wanted_says_so(http: Http) -> None:
    async def talk_plainly(stream: SocketStream) -> None:
        await stream.receive()
        await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await stream.aclose()

    async with listening(talk_plainly) as port:
        answer = await get(http, f"https://127.0.0.1:{port}/")
    assert answer == Broken(how="connect", detail="TLS failed: wrong version number")


async def test_a_server_that_hangs_up_during_the_handshake_says_so(http: Http) -> None:
    async def hang_up(stream: SocketStream) -> None:
        await stream.receive()
        await stream.aclose()

    async with listening(hang_up) as port:
        answer = await get(http, f"https://127.0.0.1:{port}/")
    assert isinstance(answer, Broken)
    assert answer.how == "connect"


async def test_running_out_of_file_descriptors_says_so(http: Http) -> None:
    async with wire(OK) as server:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as last:
            resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), hard))
            try:
                answer = await get(http, server.url())
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert answer == Broken(how="connect", detail="too many open files")
        assert isinstance(await get(http, server.url()), Reply)


async def test_nothing_of_the_request_shows_in_what_is_told(http: Http) -> None:
    request = Request(method="POST", url="http://user:pw@127.0.0.1:{}/path?q=query", headers={"X": "hdr"}, body=b"bdy")
    with closed_port() as port:
        answers = [
            await http.send(
                Request(method=request.method, url=url, headers=request.headers, body=request.body),
                timeout=1.0,
                limit=10,
            )
            for url in (request.url.format(port), request.url.format("x"), request.url.format(99999))
        ]
    for answer in answers:
        assert isinstance(answer, Broken)
        assert not any(part in answer.detail for part in ("user", "pw@", "127.0.0.1", "/path", "query", "hdr", "bdy"))
