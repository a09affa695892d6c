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

    def __str__(self) -> str:
        if not self.found:
            return f"never longer than {NOTICED} s"
        lost = sum(seconds for _, seconds in self.found)
        return f"{len(self.found)} times longer than {NOTICED} s, {lost:.1f} s in all"


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
