"""What `poller.net` uses of aiohttp beyond its documented interface, name by name: where one moves, this says which and who leans on it."""

import asyncio
import inspect
from types import FunctionType

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError, HttpResponseParser

from poller.net.session import Http

INSIDE = (
    "aiohttp has changed inside: {what}, which {who} needs; mend it, then raise the bound of aiohttp in pyproject.toml"
)


@pytest.mark.parametrize(
    ("call", "parameters", "who"),
    [
        (aiohttp.ClientRequest.__init__, ("method", "url", "loop"), "net/session.py"),
        (aiohttp.TCPConnector.connect, ("req", "traces", "timeout"), "net/pool.py"),
        (aiohttp.TCPConnector._get, ("key", "traces"), "net/pool.py"),
        (
            ResponseHandler.set_response_params,
            (
                "skip_payload",
                "read_until_eof",
                "auto_decompress",
                "read_bufsize",
                "max_line_size",
                "max_field_size",
                "max_headers",
            ),
            "net/talk.py",
        ),
        (ResponseHandler.read, (), "net/talk.py"),
        (ResponseHandler.data_received, ("data",), "net/salvage.py"),
        (HttpProcessingError.__init__, ("code", "message", "headers"), "net/salvage.py"),
    ],
)
def test_a_call_takes_what_it_is_given(call: FunctionType, parameters: tuple[str, ...], who: str) -> None:
    found = inspect.signature(call).parameters
    missing = [name for name in parameters if name not in found]
    assert not missing, INSIDE.format(what=f"{call.__qualname__} has no {missing}", who=who)


@pytest.mark.parametrize(
    ("name", "who"), [("_payload", "net/salvage.py"), ("_exception", "net/salvage.py"), ("_loop", "net/salvage.py")]
)
async def test_the_protocol_of_a_connection_holds_what_is_read_of_it(name: str, who: str) -> None:
    async with Http() as http:
        assert http._pool is not None
        protocol = http._pool._connector._factory()
    assert hasattr(protocol, name), INSIDE.format(what=f"ResponseHandler has no {name}", who=who)


async def test_connections_are_made_by_the_factory_that_is_put_into_the_connector() -> None:
    plain = aiohttp.TCPConnector()
    try:
        made = getattr(plain, "_factory", object)()
        what = "TCPConnector has no _factory that makes its protocols"
        assert isinstance(made, ResponseHandler), INSIDE.format(what=what, who="net/pool.py")
    finally:
        await plain.close()


async def test_a_head_that_came_is_parsed_by_itself() -> None:
    async with Http() as http:
        assert http._pool is not None
        protocol = http._pool._connector._factory()
        parser = HttpResponseParser(protocol, asyncio.get_running_loop(), 100)
        [(message, _)], _, _ = parser.feed_data(b"HTTP/1.1 204 No Content\r\nA: b\r\n\r\n")
    assert (message.code, message.headers["a"]) == (204, "b"), INSIDE.format(what="the parser", who="net/salvage.py")


def test_a_half_read_head_rides_on_the_error() -> None:
    assert "message" in vars(aiohttp.ServerDisconnectedError()), INSIDE.format(
        what="ServerDisconnectedError has no message", who="net/salvage.py"
    )
