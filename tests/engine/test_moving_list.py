"""Paging over a set that moves: whatever is deleted and created between two pages, nobody is lost."""

import tempfile
from functools import partial
from pathlib import Path

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.reading import Absent, Listing, ListQuery
from poller.engine.discovery import Discovery
from poller.store.store import open_store
from tests.engine.conftest import House, settle_down
from tests.engine.stage import HandClock
from tests.engine.test_sweeper import Upstream

# What happens after each page: rows deleted at these places of the list, and how many jobs are created.
MOVES = st.lists(st.tuples(st.lists(st.integers(0, 34), max_size=4), st.integers(0, 12)), min_size=2, max_size=4)


@settings(max_examples=10, deadline=None)
@given(moves=MOVES, moved=st.sets(st.integers(0, 34), min_size=1, max_size=10))
def test_no_change_no_new_job_and_no_missing_job_is_lost(moves: list[tuple[list[int], int]], moved: set[int]) -> None:
    told, changed, deleted, there = anyio.run(partial(_story, moves, moved))

    assert told["JOB_SUCCESS"] >= changed - deleted
    assert told["WATCHED"] >= there
    assert deleted & told["WATCHED"] <= told["MISSING"] <= deleted  # some were gone before their first detail call


async def _story(
    moves: list[tuple[list[int], int]], moved: set[int]
) -> tuple[dict[str, set[str]], set[str], set[str], set[str]]:
    """The jobs that were told of by transition, those that changed, were deleted, and are there in the end."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "poller.db") as store:
            house = House(store, HandClock())
            upstream = Upstream(house)
            jobs = [f"job{number:02d}" for number in range(35)]
            upstream.put("TRAINING", *jobs)
            await house.watch(*jobs)
            parts = house.parts(sweep="list")
            sweeper = parts.sweeper(Discovery(), page=10)
            async with house.poller(parts=parts) as poller:
                await settle_down(poller)
                changed = {jobs[number] for number in moved}
                upstream.put("JOB_SUCCESS", *changed)
                deleted = _move_while_paged(house, upstream, moves)
                for _ in range(3):  # the set moves during the first sweep; the others see it at rest
                    await sweeper.sweep()
                    await settle_down(poller)
                    house.clock.pass_(10)
            told = {
                transition: {event.subject for event in await house.events() if event.transition == transition}
                for transition in ("WATCHED", "JOB_SUCCESS", "MISSING")
            }
            return told, changed, deleted, set(upstream.states)


def _move_while_paged(house: House, upstream: Upstream, moves: list[tuple[list[int], int]]) -> set[str]:
    deleted: set[str] = set()
    left = iter(moves)

    def pages(query: ListQuery) -> Listing:
        page = upstream.page(query)
        places, created = next(left, ([], 0))
        for place in places:
            if place < len(upstream.states):
                job_id = list(upstream.states)[place]
                del upstream.states[job_id]
                house.source.script[job_id] = Absent(reason="404")
                deleted.add(job_id)
        upstream.put("TRAINING", *(f"new{len(upstream.states) + number}-{len(deleted)}" for number in range(created)))
        return page

    house.source.pages = pages
    return deleted
