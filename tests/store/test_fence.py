"""Claims of several daemons: leases by the server's time, and what a daemon writes that has lost its claim is refused."""

import time
from pathlib import Path

from sqlalchemy import text

from poller.core.reading import Listed
from poller.core.work import SourceHealth, Told
from poller.engine.verdict import first_glance
from poller.store.store import open_store
from tests.core.samples import NOON, snapshot
from tests.engine.stage import rules
from tests.store.conftest import Server
from tests.store.making import changed, claim, deliver, due_of, event, names, notice, owed, tell, unchanged, watch
from tests.store.several import One, daemons


async def pass_on(one: One, *, table: str = "jobs") -> None:
    """The leases of all rows end, as time would end them."""
    async with one.store.database.writing() as transaction:
        await transaction.execute(text(f"UPDATE {table} SET claimed_until = 1"))


async def owners(one: One, table: str = "jobs") -> list[str | None]:
    async with one.store.database.reading() as view:
        return list((await view.execute(text(f"SELECT owner FROM {table} ORDER BY id"))).scalars())


async def test_a_claim_says_whose_it_is_and_a_recorded_poll_ends_it(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        await watch(a.store, "x", "y")
        first, second = await claim(a.store)
        assert await owners(a) == ["a", "a"]
        await a.store.ledger.record([unchanged(first, due_at=NOON + 9)])
        await a.store.ledger.release([second.key])
        assert await owners(a) == [None, None]
        assert a.store.database.held.count("jobs") == 0


async def test_a_lease_lasts_no_longer_than_the_daemon_promises_by_the_time_of_the_server(postgresql: Server) -> None:
    async with daemons(postgresql, "a", lease=5.0) as [a]:
        await watch(a.store, "x", now=1.0)
        await a.store.ledger.claim("prod", now=time.time(), until=time.time() + 3600, limit=1)
        async with a.store.database.reading() as view:
            left = await view.execute(text("SELECT claimed_until - extract(epoch FROM clock_timestamp()) FROM jobs"))
            assert 3.0 < left.scalar_one() <= 5.0


async def test_what_a_daemon_saw_that_lost_its_claim_is_refused_and_the_new_claim_stays(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x", "y")
        x, y = await claim(a.store)
        await pass_on(a)
        assert len(await claim(b.store)) == 2
        refused = await a.store.ledger.record([changed(x, event("x", 1)), unchanged(y, due_at=NOON + 999)])
        await a.store.ledger.release([x.key, y.key])
        assert (sorted(refused), await owners(a)) == (sorted([x.key, y.key]), ["b", "b"])
        assert [row.due_at for row in await a.store.archive.jobs()] == [NOON, NOON]
        assert await a.store.archive.events() == []


async def test_a_poll_that_another_daemon_made_meanwhile_is_not_overwritten(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x")
        [old] = await claim(a.store)
        await pass_on(a)
        [new] = await claim(b.store)
        await b.store.ledger.record([unchanged(new, due_at=NOON + 50)])
        await a.store.ledger.record([unchanged(old, due_at=NOON + 1)])
        assert [row.due_at for row in await a.store.archive.jobs()] == [NOON + 50]


async def test_of_two_that_saw_one_change_one_tells_it(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x")
        [old] = await claim(a.store)
        await pass_on(a)
        [new] = await claim(b.store)
        assert await b.store.ledger.record([changed(new, event("x", 1))]) == []
        assert await a.store.ledger.record([changed(old, event("x", 1))]) == [old.key]
        assert [row.event.id for row in await a.store.archive.events()] == ["x-1"]


async def test_a_list_page_does_not_tell_of_a_job_that_a_daemon_has_in_hand(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x")
        [due] = await claim(a.store)
        met = (await b.store.roll.met("prod", ["x"]))["x"]
        glance = first_glance(
            met, Listed(job_id="x", snapshot=snapshot("TRAINING"), created_at=None), rules(), now=NOON
        )
        assert await b.store.ledger.record([glance]) == [due.key]
        await a.store.ledger.release([due.key])
        assert await b.store.ledger.record([glance]) == []


async def test_a_beat_renews_what_is_held_and_nothing_that_was_lost(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x", "y", now=1.0)
        far = time.time() + 3600
        await a.store.ledger.claim("prod", now=2.0, until=far, limit=1)
        await pass_on(a)
        await a.members.beat()
        assert [due.job_id for due in await b.store.ledger.claim("prod", now=time.time(), until=far, limit=9)] == ["y"]
        await pass_on(a)
        assert len(await b.store.ledger.claim("prod", now=time.time(), until=far, limit=9)) == 2
        await a.members.beat()
        assert await owners(a) == ["b", "b"]


async def test_what_is_held_too_long_is_renewed_no_more(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        await watch(a.store, "x")
        await claim(a.store)  # until long ago
        await a.members.beat()
        assert a.store.database.held.count("jobs") == 0


async def test_leaving_gives_everything_back_at_once(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await watch(a.store, "x")
        await a.members.beat()
        due = await due_of(a.store, "x")
        assert await a.chores.take("janitor")
        await a.members.leave()
        assert [one.key for one in await claim(b.store)] == [due.key]
        assert await b.chores.take("janitor")
        assert [one.id for one in await a.store.archive.daemons()] == []


async def test_on_sqlite_nobody_signs(file: Path) -> None:
    async with open_store(file) as store:
        await watch(store, "x")
        [due] = await claim(store)
        async with store.database.reading() as view:
            assert (await view.execute(text("SELECT owner FROM jobs"))).scalar_one() is None
        assert await store.ledger.record([unchanged(due, due_at=NOON + 5)]) == []


async def test_an_attempt_of_a_daemon_that_lost_its_claim_settles_nothing(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await tell(a.store, "x", 1, 2)
        late = await owed(a.store)
        await pass_on(a, table="deliveries")
        again = await owed(b.store)
        assert names(late) == names(again) == ["x-1"]
        await deliver(a.store, late)
        await a.store.outbox.release([late[0].deliveries[0].id])
        assert (await owners(a, "deliveries"), names(await owed(a.store))) == (["b", None], [])
        await deliver(b.store, again)
        assert names(await owed(a.store)) == ["x-2"]


async def test_leaving_gives_deliveries_back_as_well(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        await tell(a.store, "x", 1)
        assert names(await owed(a.store)) == ["x-1"]
        assert names(await owed(b.store)) == []
        await a.members.leave()
        assert names(await owed(b.store)) == ["x-1"]


async def test_of_two_that_find_a_source_blind_one_tells_it_and_so_with_its_recovery(postgresql: Server) -> None:
    async with daemons(postgresql, "a", "b") as [a, b]:
        blind = SourceHealth(blind_since=NOON, reason="refused")
        for one, id_ in ((a, "n1"), (b, "n2")):
            await one.store.ledger.announce(Told(event=notice(id_), notifiers=()), source="prod", health=blind)
        for one, id_ in ((b, "n3"), (a, "n4")):
            await one.store.ledger.announce(Told(event=notice(id_), notifiers=()), source="prod", health=SourceHealth())
        assert [row.event.id for row in await a.store.archive.events()] == ["n3", "n1"]
