"""When this machine had no time for the trial itself: what is slow then says nothing about the program."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

NOTICED: Final = 0.2  # seconds; a turn of a budget may be used 0.25 s after its time
GLANCE: Final = 0.02


@dataclass(frozen=True)
class Standstills:
    """`found` are those that were noticed: when each ended, in monotonic seconds, and how many seconds it took."""

    found: list[tuple[float, float]] = field(default_factory=list)

    def told(self, within: tuple[float, float]) -> str:
        """Those that ended between these two instants, for people: the longest with when it ended, counted from the first instant."""
        began, ended = within
        found = [(seconds, at - began) for at, seconds in self.found if began <= at <= ended]
        if not found:
            return f"never longer than {NOTICED} s"
        longest, at = max(found)
        lost = sum(seconds for seconds, _ in found)
        return f"{len(found)} times longer than {NOTICED} s, {lost:.1f} s in all, the longest {longest:.1f} s (until {at:.1f} s)"


@contextmanager
def watched() -> Iterator[Standstills]:
    """Look all the time, from a thread of its own, whether this process gets to run."""
    seen, over = Standstills(), threading.Event()

    def look() -> None:
        before = time.monotonic()
        while not over.wait(GLANCE):
            now = time.monotonic()
            if now - before > NOTICED:
                seen.found.append((now, now - before))
            before = now

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield seen
    over.set()
    watcher.join()
