"""Daemons that share a PostgreSQL: joining, being missed, leaving, and doing what only one may do."""

import subprocess
import sys

from sqlalchemy import text

from poller.core.crew import Crew
from poller.store.agreeing import HERE
from poller.store.chores import SoleChores
from tests.store.conftest import Server
from tests.store.making import claim, watch
from tests.store.several import One, daemons


async def age(one: One, seconds: float, *, of: str) -> None:
    """The last beat of a daemon was so much earlier."""
    async with one.store.database.writing() as transaction:
        earlier = text("UPDATE daemons SET beat_at = beat_at - :s, started_at = started_at - :s WHERE id = :id")
        await transaction.execute(earlier, {"s": seconds, "id": of})


async def test_a_daemon_that_is_alone_does_everything(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        crew = (await a.members.beat()).crew
        assert (crew, crew.share, crew.places) == (Crew(daemons=1, rank=0, joined=True), 1.0, 3)


async def test_one_that_joins_waits_until_the_others_know_of_it(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await a.members.beat()
        joining = (await b.members.beat()).crew
        assert (joining.joined, joining.share, joining.places) == (False, 0.0, 0)
        assert (await a.members.beat()).crew == Crew(daemons=2, rank=0, joined=True)
        assert (await b.members.beat()).crew == Crew(daemons=2, rank=1, joined=True)


async def test_one_that_is_not_heard_of_counts_no_more_and_joins_anew_as_the_last(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await a.members.beat()
        await b.members.beat()
        await age(b, 31.0, of="a")
        assert (await b.members.beat()).crew == Crew(daemons=1, rank=0, joined=True)
        assert (await a.members.beat()).crew == Crew(daemons=2, rank=1, joined=False)
        assert (await b.members.beat()).crew == Crew(daemons=2, rank=0, joined=True)


async def test_one_that_never_left_is_listed_for_an_hour(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await a.members.beat()
        await age(a, 3000.0, of="a")
        await b.members.beat()
        assert [(one.id, one.alive) for one in await a.store.archive.daemons()] == [("a", False), ("b", True)]
        await age(a, 700.0, of="a")
        await b.members.beat()
        assert [one.id for one in await a.store.archive.daemons()] == ["b"]


async def test_the_list_says_who_holds_what(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x", "y")
        await claim(a.store)
        await a.members.beat()
        await b.chores.take("sweep prod")
        await b.chores.take("janitor")
        await b.members.beat()
        listed = {one.id: (one.host, one.pid, one.jobs, one.chores) for one in await a.store.archive.daemons()}
        assert listed == {"a": ("host-a", 7, 2, ()), "b": ("host-b", 7, 0, ("janitor", "sweep prod"))}


async def test_a_chore_is_one_daemon_s_until_its_time_is_up(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        assert await a.chores.take("sweep prod")
        assert await a.chores.take("sweep prod")
        assert not await b.chores.take("sweep prod")
        assert await b.chores.take("sweep other")
        assert await a.chores.take("sweep prod", seconds=0.0)
        assert await b.chores.take("sweep prod")
        assert not await a.chores.take("sweep prod")


async def test_what_the_one_who_does_a_chore_found_is_there_for_the_others(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        assert await b.chores.noted("sweep prod") is None
        await a.chores.take("sweep prod")
        await a.chores.note("sweep prod", 1234)
        await b.chores.note("sweep prod", 5)  # is not its own
        assert await b.chores.noted("sweep prod") == 1234


async def test_where_there_is_one_daemon_every_chore_is_its_own() -> None:
    alone = SoleChores()
    assert await alone.take("sweep prod")
    await alone.note("sweep prod", 7)
    assert await alone.noted("sweep prod") is None


def test_all_daemons_together_have_three_places_for_a_credential() -> None:
    for count in range(1, 9):
        assert sum(Crew(daemons=count, rank=rank).places for rank in range(count)) == 3


async def test_an_older_daemon_learns_that_the_schema_has_passed_it_by(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        assert (await a.members.beat()).floor is None
        async with a.store.database.writing() as transaction:
            await transaction.execute(text("INSERT INTO floors VALUES ('0900')"))
        assert (await a.members.beat()).floor == "0900"


def pid_of_an_ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


async def test_one_that_was_killed_on_this_machine_need_not_be_waited_for(postgresql: Server) -> None:
    pid = pid_of_an_ended_process()
    async with daemons(postgresql, f"killed.{HERE}", "killed.elsewhere", "next") as [killed, elsewhere, following]:
        for one in (killed, elsewhere):
            await one.members.beat()
            async with one.store.database.writing() as transaction:
                await transaction.execute(text("UPDATE daemons SET pid = :pid"), {"pid": pid})
        assert (await following.members.beat()).crew == Crew(daemons=2, rank=1, joined=False)
