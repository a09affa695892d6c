"""Following one job through the running daemon, which polls it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anyio

from poller.cli.control import Control, control
from poller.cli.glimpse import Glimpse, See
from poller.core.timestamps import parse_rfc3339
from poller.errors import DaemonNotRunning, NotFound, PollerError, StoreUnavailable

GLANCE: Final = 0.5  # seconds between two looks at the rows
PATIENCE: Final = 30.0  # seconds that a daemon which was there may be away: a restart takes less
PAGE: Final = 500  # events of one answer


async def follow(socket: Path, source: str, job_id: str, see: See) -> None:
    """Until `see` has seen enough. A job that is not watched is from now on; one that is, is polled at once.

    Raises DaemonNotRunning when no daemon answers, at first or for long; UsageError for a paused job or an unknown source.
    """
    began_at = time.time()
    async with control(socket) as daemon:
        position = await _last_position(daemon, source, job_id)
        absences = await _have_polled(daemon, source, job_id)
        follower = _Follower(daemon, source, job_id, began_at=began_at, position=position, absences=absences)
        answered_at = time.monotonic()
        while True:
            try:
                glimpse = await follower.look()
            except (DaemonNotRunning, StoreUnavailable):
                if time.monotonic() - answered_at > PATIENCE:
                    raise
            else:
                answered_at = time.monotonic()
                if await see(glimpse):
                    return
            await anyio.sleep(GLANCE)


class _Follower:
    """Remembers up to where events were seen. `absences` were counted before: a missing job is so only if it still is."""

    def __init__(
        self, daemon: Control, source: str, job_id: str, *, began_at: float, position: int, absences: int
    ) -> None:
        self._daemon = daemon
        self._source = source
        self._job_id = job_id
        self._began_at = began_at
        self._position = position
        self._absences = absences

    async def look(self) -> Glimpse:
        """The job first, then its events: an event is never older than the state that was seen before it."""
        job = await self._daemon.get("jobs", self._source, self._job_id)
        if job["removed_at"] is not None:
            raise PollerError(f"{self._source} {self._job_id}: an operator has removed it; it is polled no more")
        glimpse = _glimpse(job, await self._news(), self._began_at)
        return replace(glimpse, missing=job["missing"] and job["absences"] != self._absences)

    async def _news(self) -> Sequence[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while True:
            asked = {"source": self._source, "job_id": self._job_id, "after": self._position, "limit": PAGE}
            items = (await self._daemon.get("events", **asked))["items"]
            found += [{name: value for name, value in item.items() if name != "position"} for item in items]
            if items:
                self._position = items[-1]["position"]
            if len(items) < PAGE:
                return found


def _glimpse(job: Mapping[str, Any], news: Sequence[Mapping[str, Any]], began_at: float) -> Glimpse:
    seen_at = parse_rfc3339(job["seen_at"])
    return Glimpse(
        name=job["name"],
        state=job["state"],
        state_class=job["class"],
        state_since=parse_rfc3339(job["state_since"]) or began_at,
        fresh=seen_at is not None and seen_at >= round(began_at, 3),
        events=tuple(news),
        next_look_at=parse_rfc3339(job["due_at"]),
        trouble="paused by an operator; `poller jobs resume` goes on" if job["paused"] else job["last_error"],
    )


async def _last_position(daemon: Control, source: str, job_id: str) -> int:
    items = (await daemon.get("events", source=source, job_id=job_id, limit=1))["items"]
    return items[0]["position"] if items else 0


async def _have_polled(daemon: Control, source: str, job_id: str) -> int:
    """An answer of now, for what is known may be as old as the interval of the job's class; returns the absences up to now."""
    try:
        job = await daemon.get("jobs", source, job_id)
    except NotFound:
        job = None
    if job is None or job["removed_at"] is not None:
        await daemon.post("jobs", body={"source": source, "job_ids": [job_id]})
    else:
        await daemon.post("jobs", source, job_id, "poll")
    return 0 if job is None else int(job["absences"])
