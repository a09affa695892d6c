"""The outbound heartbeat: a URL that is called for as long as the daemon makes progress. Who misses the calls raises the alarm."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol

import structlog

from poller.config import Heartbeat
from poller.core.exchange import Exchange, Reply, Request
from poller.engine.bell import Bell

MAX_ANSWER: Final = 1024  # bytes of the answer; only its status counts

log = structlog.get_logger(__name__)


class Http(Protocol):
    """Sends the calls."""

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """One exchange."""
        ...


class Heart:
    """Beats as the [heartbeat] table of now says, if there is one. `stalled` names what makes no progress, None while all does.

    What goes wrong is logged when it begins and when it ends, not with every beat. The URL is a secret and never logged.
    """

    def __init__(self, http: Http, wanted: Callable[[], Heartbeat | None], stalled: Callable[[], str | None]) -> None:
        self._http = http
        self._wanted = wanted
        self._stalled = stalled
        self._trouble: str | None = None
        self._bell = Bell()

    def look(self) -> None:
        """The configuration has changed."""
        self._bell.ring()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            table = self._wanted()
            if table is not None:
                await self.round(table)
            await self._bell.wait(math.inf if table is None else table.every)

    async def round(self, table: Heartbeat) -> None:
        """One beat, or none while something stalls."""
        stalled = self._stalled()
        if stalled is not None:
            self._note("stalled", stalled)
            return
        request = Request(method=table.method, url=table.url.reveal())
        self._note("refused", _trouble(await self._http.send(request, timeout=table.timeout, limit=MAX_ANSWER)))

    def _note(self, how: str, reason: str | None) -> None:
        before, self._trouble = self._trouble, None if reason is None else how
        if before == self._trouble:
            return
        if reason is None:
            log.info("the heartbeat goes on")
        elif how == "stalled":
            log.error("the heartbeat pauses: something makes no progress", reason=reason)
        else:
            log.warning("the heartbeat does not arrive", reason=reason)


def _trouble(exchange: Exchange) -> str | None:
    if not isinstance(exchange, Reply):
        return exchange.detail
    ok = HTTPStatus.OK <= exchange.status < HTTPStatus.MULTIPLE_CHOICES
    return None if ok else f"HTTP {exchange.status}"
