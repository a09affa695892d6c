"""What the notifiers need of the world; `net.session.Http` fits by shape."""

from typing import Protocol

from poller.core.exchange import Exchange, Request


class Http(Protocol):
    """Sends HTTP requests; what goes wrong before a status line is a value."""

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        """One exchange within `timeout` seconds, reading at most `limit` bytes of the answer's body; follows no redirect."""
        ...
