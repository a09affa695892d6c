"""When exchanges have to be over: one timer for all, since setting one for each costs as much as a system call."""

from asyncio import AbstractEventLoop, TimerHandle

from poller.net.salvage import HeadKeeper


class Deadlines:
    """The connections with an exchange under way, each with the instant (of the loop's clock, in seconds) at which it breaks off."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._until: dict[HeadKeeper, float] = {}
        self._timer: TimerHandle | None = None

    def begin(self, protocol: HeadKeeper, until: float) -> None:
        """An exchange has begun; it ends with `end`, or with a time-out at `until`."""
        self._until[protocol] = until
        if self._timer is None or until < self._timer.when():
            self._ring_at(until)

    def end(self, protocol: HeadKeeper) -> None:
        """The exchange is over. The timer stays: it finds out by itself whom it is for."""
        self._until.pop(protocol, None)

    def close(self) -> None:
        """No exchange is under way any more."""
        self._until.clear()
        self._stop()

    def _ring_at(self, until: float) -> None:
        self._stop()
        self._timer = self._loop.call_at(until, self._ring)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        for protocol in [protocol for protocol, until in self._until.items() if until <= now]:
            del self._until[protocol]
            protocol.expire()
        if self._until:
            self._ring_at(min(self._until.values()))
