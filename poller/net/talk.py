"""One request and its answer over one connection of aiohttp's pool: its transport and its parser, without the rest of its client.

That rest (cookies, redirects, proxies, middlewares, authentication, content types) is switched off here anyway, and costs as much as
the exchange itself.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from multidict import MultiMapping

from poller.net.salvage import FIRST_FINAL

BUFFER_BYTES: Final = 64 * 1024  # reading pauses when twice this lies unread, so this bounds memory per connection
HEADER_BYTES: Final = 16 * 1024  # of one header line; IAM tokens come in headers and are kilobytes long
HEADER_LINES: Final = 128
SWITCHING_PROTOCOLS: Final = 101  # the one status below 200 after which no other comes


@dataclass(slots=True)
class Answer:
    """What has come so far. `headers` is None before the head is there; `truncated` until the body is."""

    status: int = 0
    headers: MultiMapping[str] | None = None
    chunks: list[bytes] = field(default_factory=list)
    truncated: bool = True


async def talk(
    connection: Connection, protocol: ResponseHandler, *, request: bytes, answer: Answer, method: str, limit: int
) -> None:
    """Send `request`, and read into `answer` what comes, at most one byte more than `limit` of the body.

    The connection goes back to the pool when the answer was read whole, and is closed in every other case. Raises what aiohttp's
    protocol does: before the head is there HttpProcessingError, ClientOSError or ServerDisconnectedError.
    """
    try:
        transport = _transport(protocol)
        protocol.set_response_params(
            skip_payload=method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_bufsize=BUFFER_BYTES,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADER_LINES,
        )
        transport.write(request)
        message, content = await protocol.read()
        while message.code < FIRST_FINAL and message.code != SWITCHING_PROTOCOLS:  # an interim answer
            message, content = await protocol.read()
        answer.status, answer.headers = message.code, message.headers
        await _read_body(content, answer, limit)
    except BaseException:
        connection.close()
        raise
    if answer.truncated:
        connection.close()
    else:
        connection.release()  # closes it when the answer said so


def _transport(protocol: ResponseHandler) -> asyncio.Transport:
    if protocol.transport is None:
        raise aiohttp.ServerDisconnectedError
    return protocol.transport


async def _read_body(content: aiohttp.StreamReader, answer: Answer, limit: int) -> None:
    """One byte more than the limit is asked for, to see if there is more."""
    room = limit + 1
    try:
        while room and not content.at_eof():
            # Most answers are here as a whole by now.
            chunk = content.read_nowait(room) if content.is_eof() else await content.read(room)
            answer.chunks.append(chunk)
            room -= len(chunk)
    except (aiohttp.ClientError, OSError, RuntimeError):  # RuntimeError: aiohttp's "Connection closed."
        return
    answer.truncated = not room
