"""A TCP connection as a plain socket, for protocols that bring no connector of their own; the guard sees every address."""

import asyncio
import socket
from typing import Final

import anyio

from poller.net.guard import ATTEMPT, Attempt, Policy, socket_factory

LEAST_SHARE: Final = 1.0  # seconds that each address of a name gets, at the least, before the next one is tried


class RefusedAddress(Exception):
    """All addresses of the name are refused by the policy; the message says why."""


async def dial(host: str, port: int, policy: Policy, *, timeout: float) -> socket.socket:  # noqa: ASYNC109 shared out below
    """Connect to the first address of `host` that answers. Raises OSError (also of the resolver), TimeoutError or RefusedAddress."""
    attempt = Attempt()
    ATTEMPT.set(attempt)
    open_socket = socket_factory(policy)
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    failure: OSError = TimeoutError()
    for address in addresses:
        try:
            with anyio.fail_after(max(LEAST_SHARE, timeout / len(addresses))):
                return await _connected(open_socket(address), address[4])
        except OSError as error:  # TimeoutError is one
            failure = error
    if attempt.refused is not None and not attempt.opened:
        raise RefusedAddress(attempt.refused)
    raise failure


async def _connected(opened: socket.socket, address: tuple[object, ...]) -> socket.socket:
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened
