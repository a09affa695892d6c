"""The progress of one job, shown as it comes: lines, and on a terminal a moving one below them."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio

from poller.cli.glimpse import Glimpse
from poller.cli.screen import STYLES, console, instant, is_terminal, note, print_json, printable, say
from poller.cli.spans import span
from poller.core.timestamps import parse_rfc3339

if TYPE_CHECKING:
    from rich.status import Status

    from poller.core.stay import Usual

TICK: Final = 1.0  # seconds between two moves of the line

UsualIn: TypeAlias = "Callable[[str], Awaitable[Usual | None]]"


class Progress:
    """Shows glimpses. `usual_in` says what is usual in a state."""

    def __init__(self, title: str, usual_in: UsualIn, *, as_json: bool) -> None:
        self._title = title
        self._usual_in = usual_in
        self._as_json = as_json
        self._last: Glimpse | None = None
        self._usual: Usual | None = None
        self._trouble: str | None = None
        self._status: Status | None = None

    async def show(self, glimpse: Glimpse) -> None:
        """What is new in it."""
        before, self._last = self._last, glimpse
        if glimpse.state is not None and (before is None or before.state != glimpse.state):
            self._usual = await self._usual_in(glimpse.state)
        for event in glimpse.events:
            self._tell(event)
        if glimpse.fresh and not self._as_json and (before is None or not before.fresh):
            self._line(self._where(), glimpse.state_class)
        # The same trouble comes in other words each time: the number of the request is in them.
        if (glimpse.trouble is None) != (self._trouble is None):
            self._trouble = glimpse.trouble
            note(f"{self._title}: {'answers again' if glimpse.trouble is None else glimpse.trouble}")
        self.move()

    def move(self) -> None:
        """Renew the moving line, if there is one."""
        if self._status is not None and self._last is not None:
            self._status.update(printable(self._where()))

    @contextmanager
    def moving(self) -> Iterator[None]:
        """The moving line, on a terminal."""
        if self._as_json or not is_terminal():
            yield
            return
        with console().status(f"{self._title}: asking …") as self._status:
            yield

    async def keep_moving(self) -> None:
        """For ever."""
        while True:
            await anyio.sleep(TICK)
            self.move()

    def _tell(self, event: Mapping[str, Any]) -> None:
        if self._as_json:
            print_json(event)
            return
        data = event["data"]
        stayed = data.get("seconds_in_previous_state")
        after = "" if stayed is None else f" after {span(stayed)}"
        seen = instant(parse_rfc3339(data.get("observed_at")))
        self._line(
            f"{seen}  {data.get('summary') or data.get('transition')}{after}", (data.get("job") or {}).get("class")
        )

    def _line(self, text: str, state_class: str | None) -> None:
        if not is_terminal():
            say(text)
            return
        from rich.text import Text

        console().print(Text(printable(text), style=STYLES.get(state_class or "", "")), soft_wrap=True)

    def _where(self) -> str:
        """Where the job is, for how long, and what is usual."""
        last = self._last
        if last is None or last.state is None:
            return f"{self._title}: not seen yet"
        now = time.time()
        usual = self._usual
        usually = "" if usual is None else f"; usually {span(usual.p50)}, 95 % within {span(usual.p95)}"
        rest = None if last.next_look_at is None else max(0.0, last.next_look_at - now)
        ahead = "" if rest is None or not is_terminal() else f"; next look in {span(round(rest))}"
        stay = span(round(max(0.0, now - last.state_since)))
        return f"{self._title}: {last.state} ({last.state_class}) for {stay}{usually}{ahead}"
