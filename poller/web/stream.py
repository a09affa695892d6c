"""/api/v1/events/stream: events as they are committed, as server-sent events (the HTML standard, section 9.2)."""

import re
from collections.abc import Sequence
from typing import Final

import anyio
import msgspec
from aiohttp import web

from poller.core.event import EventType
from poller.core.listing import EventFilter, EventRow
from poller.web.asking import Key, Name, read_query
from poller.web.news import CURTAIN
from poller.web.refusals import BadRequest
from poller.web.served import Served
from poller.web.shown import encode, event_shown

PAGE: Final = 200  # events read and sent at a time
LOOK_EVERY: Final = 5.0  # seconds: the longest without a look, for events that another daemon has recorded
PAUSE: Final = 0.1  # seconds between two looks of one follower, however often it rings
HEARTBEAT: Final = 15.0  # seconds without an event before a comment says that the stream lives
PATIENCE: Final = 10.0  # seconds that a follower may take to accept what is sent; then it is left behind
_POSITION: Final = re.compile(r"\d{1,18}")
_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # or nginx would collect what is to be seen now
}
_BEGINNING: Final = b"retry: 3000\n\n"
_ALIVE: Final = b": alive\n\n"


class Following(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query: filters as those of the list. Without `after` and without the header Last-Event-ID it begins now."""

    source: Name | None = None
    job_id: Name | None = None
    type: EventType | None = None
    transition: Name | None = None
    after: Key | None = None


async def followed(served: Served, request: web.Request) -> web.StreamResponse:
    """GET: events as they are committed, as server-sent events. It resumes behind the position or id in the header Last-Event-ID."""
    asked = read_query(request, Following)
    which = EventFilter(source=asked.source, job_id=asked.job_id, type=asked.type, transition=asked.transition)
    with served.news.seat():
        position = await _beginning(served, request, asked)
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        if request.method != "HEAD":
            await Follower(served, request, response, which, position).run()
        return response


async def _beginning(served: Served, request: web.Request, asked: Following) -> int:
    last = request.headers.get("Last-Event-ID", "")
    if not last:
        return await served.archive.last_position() if asked.after is None else asked.after
    if _POSITION.fullmatch(last):
        return int(last)
    rows = await served.archive.events(EventFilter(id=last), limit=1)
    if not rows:
        raise BadRequest(
            "found an event that is not known; expected the id of the last event seen, or none", "Last-Event-ID"
        )
    return rows[0].position


class Follower:
    """One stream, from its beginning to the end of the client's patience, or ours."""

    def __init__(
        self, served: Served, request: web.Request, response: web.StreamResponse, which: EventFilter, position: int
    ) -> None:
        self._served = served
        self._request = request
        self._response = response
        self._which = which
        self._position = position
        self._curtain = request.app[CURTAIN]
        self._token = self._curtain.token
        self._silent_since = anyio.current_time()

    async def run(self) -> None:
        """Send what comes until the client is gone or too slow, or the server ends."""
        listening = await self._send(_BEGINNING)
        while listening and self._goes_on():
            rung = self._served.news.next()
            rows = await self._look()
            if rows:
                listening = await self._send(b"".join(map(_frame, rows)))
            elif anyio.current_time() - self._silent_since >= HEARTBEAT:
                listening = await self._send(_ALIVE)
            if len(rows) < PAGE:
                with anyio.move_on_after(LOOK_EVERY):
                    await rung.wait()
                    await anyio.sleep(PAUSE)

    def _goes_on(self) -> bool:
        transport = self._request.transport
        there = transport is not None and not transport.is_closing()
        return there and not self._curtain.fallen and self._curtain.token == self._token

    async def _look(self) -> Sequence[EventRow]:
        """The next events. Those that the filter leaves out are not looked at again: all up to `newest` are there to be seen."""
        newest = await self._served.archive.last_position()
        if newest <= self._position:
            return ()
        rows = await self._served.archive.events(self._which, after=self._position, limit=PAGE)
        last = rows[-1].position if rows else self._position
        self._position = last if len(rows) == PAGE else max(last, newest)
        return rows

    async def _send(self, chunk: bytes) -> bool:
        """Whether the client has taken it. One that reads too slowly is cut off: it comes back, and resumes."""
        self._silent_since = anyio.current_time()
        try:
            with anyio.fail_after(PATIENCE):
                await self._response.write(chunk)
        except ConnectionError:
            return False
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            return False
        return True


def _frame(row: EventRow) -> bytes:
    return b"id: %d\ndata: %s\n\n" % (row.position, encode(event_shown(row)))
