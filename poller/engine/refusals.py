"""Telling a refused job from a refused source: the source cannot be read when the upstream refuses every job of it."""

from collections.abc import Callable
from typing import Final

from poller.core.reading import Absent, Failed, Listing, Page, Reading, Refused, Same, Seen

_ANSWERS: Final = (Same, Seen, Absent, Page)
REASON: Final = "every job is refused: "
SOURCE_FROM: Final = 2  # jobs refused before it can be the source: one job that is refused says nothing of others (INTERFACE.md section 9)


class Refusals:
    """The jobs that were refused since the upstream last answered about any. `jobs` says how many are watched; None: not known yet."""

    def __init__(self, jobs: Callable[[], int | None]) -> None:
        self._jobs = jobs
        self._refused: set[int] = set()

    def judge(self, key: int, reading: Reading) -> Reading:
        """What the answer about the job with this key says of its source: one refusal says nothing, that of the last job a failure."""
        if not isinstance(reading, Refused):
            self.answered(reading)
            return reading
        self._refused.add(key)
        jobs = self._jobs()
        if jobs is None or len(self._refused) < max(jobs, SOURCE_FROM):
            return reading
        return Failed(kind="outage", reason=REASON + reading.reason)

    def answered(self, reading: Reading | Listing) -> None:
        """Forget the refusals if this is an answer."""
        if isinstance(reading, _ANSWERS):
            self._refused.clear()
