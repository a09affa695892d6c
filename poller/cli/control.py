"""The client of the control socket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec

from poller.errors import DaemonNotRunning, NotFound, PollerError, StoreUnavailable, UsageError
from poller.web.address import short_address

PATIENCE: Final = 60.0  # seconds that one answer may take
_HOST: Final = "http://poller"  # a name that nothing resolves: the connection is the socket


class Control:
    """Asks the running daemon."""

    def __init__(self, session: aiohttp.ClientSession, socket: Path) -> None:
        self._session = session
        self._socket = socket

    async def get(self, *path: str, **query: object) -> Any:
        """A document; parameters that are None are left out."""
        return await self._ask("GET", path, query=query)

    async def post(self, *path: str, body: object = None) -> Any:
        """An action and what it answered."""
        return await self._ask("POST", path, body=body)

    async def delete(self, *path: str) -> Any:
        """A removal and what it answered."""
        return await self._ask("DELETE", path)

    async def _ask(
        self, method: str, path: tuple[str, ...], *, query: Mapping[str, object] | None = None, body: object = None
    ) -> Any:
        url = "/".join((_HOST, "api/v1", *(quote(part, safe="") for part in path)))
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        data = (
            None if body is None else aiohttp.BytesPayload(msgspec.json.encode(body), content_type="application/json")
        )
        try:
            async with self._session.request(method, url, params=given, data=data) as response:
                return _judged(response.status, await response.read())
        except aiohttp.ClientConnectorError as error:
            raise _unreachable(self._socket, error.os_error) from None
        except TimeoutError:
            raise PollerError(f"the daemon has not answered within {PATIENCE:.0f} s; see its log") from None
        except aiohttp.ClientError as error:
            raise PollerError(f"the daemon broke off its answer ({type(error).__name__}); see its log") from None


@asynccontextmanager
async def control(socket: Path) -> AsyncIterator[Control]:
    """A client of the daemon at `socket`; whether one is there shows with the first question."""
    try:
        with short_address(socket) as address:
            connector = aiohttp.UnixConnector(path=address)
            timeout = aiohttp.ClientTimeout(total=PATIENCE)
            async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
                yield Control(session, socket)
    except FileNotFoundError:
        raise _not_running(socket) from None


def _unreachable(socket: Path, error: OSError) -> PollerError:
    if isinstance(error, PermissionError):
        return PollerError(f"the control socket {socket} belongs to another user: run this as the daemon's user")
    return _not_running(socket)


def _not_running(socket: Path) -> DaemonNotRunning:
    return DaemonNotRunning(
        f"no daemon answers at {socket}: start it with `poller run`, "
        "or set RUNTIME_DIRECTORY to the folder of its poller.sock (/run/poller under systemd)"
    )


def _judged(status: int, body: bytes) -> Any:
    try:
        answer = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        raise PollerError(f"the daemon answered {status} with something that is no JSON: is it this version?") from None
    if status < HTTPStatus.BAD_REQUEST:
        return answer
    message, place = _told(answer)
    text = f"{place}: {message}" if place else message
    match status:
        case HTTPStatus.BAD_REQUEST:
            raise UsageError(text)
        case HTTPStatus.NOT_FOUND:
            raise NotFound(text)
        case HTTPStatus.SERVICE_UNAVAILABLE:
            raise StoreUnavailable(text)
    raise PollerError(text)


def _told(answer: object) -> tuple[str, str | None]:
    match answer:
        case {"error": {"message": str() as message, "place": str() | None as place}}:
            return message, place
    return "the daemon refused without saying why", None
