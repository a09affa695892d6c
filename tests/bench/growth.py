"""What the database grows by: nothing for a poll without news, a little for a transition."""

from pathlib import Path

from tests.bench.figure import Figure
from tests.bench.polling import watching
from tests.bench.program import Program
from tests.bench.scale import Scale
from tests.bench.servers import receiver, upstream
from tests.bench.telling import say

MEASURED = "the SQLite file after a TRUNCATE checkpoint, divided by the number"
JOBS_SHARE = 8  # transitions of each job
# Times as many polls as are looked at: after them the index of due times has the pages that it moves about in. A last one came, where
# it was looked at, after two to six times as many.
SETTLED = 10


async def growth(scratch: Path, scale: Scale) -> list[Figure]:
    """Both kinds of poll, thousands of each."""
    return [await _unchanged(scratch, scale.transitions), await _transitions(scratch, scale.transitions)]


async def _unchanged(scratch: Path, count: int) -> Figure:
    jobs = count // JOBS_SHARE
    with upstream(jobs=jobs) as server:
        async with watching(scratch, server, jobs=jobs) as ours:
            await ours.poll_until(SETTLED * count)
            before, polled = await _size(ours), ours.polls.last.done
            say(f"{count:,} polls without news")
            await ours.poll_until(count)
            polled, grown = ours.polls.last.done - polled, await _size(ours) - before
    return Figure(
        what="growth per poll without news",
        value=grown / polled,
        unit="bytes",
        goal=0.0,
        best="low",
        ours=f"{grown:,} bytes in {polled:,} polls of {jobs:,} jobs; {MEASURED}",
        baseline="none",
    )


async def _transitions(scratch: Path, count: int) -> Figure:
    jobs = count // JOBS_SHARE
    with upstream(jobs=jobs, changing=True) as server, receiver() as hook:
        async with watching(scratch, server, jobs=jobs, hook=hook.url, database="transitions.db") as ours:
            before, polled = await _size(ours), ours.polls.last.done
            say(f"{count:,} transitions, then their deliveries")
            await ours.poll_until(count)
            polled = ours.polls.last.done - polled
            await ours.deliver(polled)
            grown = await _size(ours) - before
    return Figure(
        what="growth per transition",
        value=grown / polled,
        unit="bytes",
        goal=2000.0,
        best="low",
        ours=f"{grown:,} bytes in {polled:,} transitions of {jobs:,} jobs: event, snapshot delta, delivery settled; {MEASURED}",
        baseline="none",
    )


async def _size(ours: Program) -> int:
    """Bytes of the file when nothing is left in its journal."""
    place = ours.store.database.place.file
    if place is None:
        raise RuntimeError("not SQLite")
    await ours.store.retention.idle()
    journal = place.with_name(place.name + "-wal")
    if journal.exists() and journal.stat().st_size:
        raise RuntimeError("the journal is not empty")
    return place.stat().st_size
