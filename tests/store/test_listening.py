"""Hearing of what other daemons record; and connections of which nothing outlives a transaction."""

import anyio
import psycopg
import pytest
from sqlalchemy import text

from poller.core.secret import Secret
from poller.errors import StoreUnavailable
from poller.store.agreeing import Identity
from poller.store.listening import hear
from poller.store.store import open_store
from tests.store.conftest import Server
from tests.store.making import claim, deliver, owed, tell, watch
from tests.store.several import daemons


async def test_what_another_daemon_records_is_heard_with_its_commit(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        heard = aiter(hear(Secret(postgresql.url)))
        await anext(heard)  # it listens
        await tell(a.store, "x", 1)
        rung = False
        with anyio.move_on_after(10):
            await anext(heard)
            rung = True
        assert rung
        await heard.aclose()  # type: ignore[attr-defined]  # a generator


async def test_a_connection_that_is_lost_says_so(postgresql: Server) -> None:
    async with daemons(postgresql, "a") as [a]:
        heard = aiter(hear(Secret(postgresql.url)))
        await anext(heard)
        async with a.store.database.writing() as transaction:
            await transaction.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
            )
        with anyio.fail_after(10), pytest.raises(StoreUnavailable, match="nothing can be heard"):
            await anext(heard)


async def test_without_listening_no_session_keeps_anything_between_transactions(postgresql: Server) -> None:
    url = postgresql.emptied()
    async with open_store(url, identity=Identity(listen=False)) as store:
        for number in range(12):  # the driver would prepare a statement at its fifth use
            await watch(store, f"job{number}")
            await tell(store, f"told{number}", 1)
            await claim(store)
            await deliver(store, await owed(store))
        with psycopg.connect(url, autocommit=True) as connection:
            kept = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
        async with store.database.reading() as view:
            prepared = (await view.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one()
            source = "SELECT source FROM pg_settings WHERE name = 'statement_timeout'"
            assert (await view.execute(text(source))).scalar_one() == "default"
    assert (kept, prepared) == ((0,), 0)
