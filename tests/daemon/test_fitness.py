"""Whether the database is still what this version works with, asked of real ones that change under a running daemon."""

import structlog
from sqlalchemy import text

from poller.daemon.fitness import UNANSWERED, Fitness
from poller.errors import StoreUnavailable
from poller.store.schema import HEAD
from poller.store.store import Store
from tests.engine.stage import HandClock
from tests.store.conftest import file, postgresql, store, url

__all__ = ["file", "postgresql", "store", "url"]  # fixtures

NEWER = "0900"


async def execute(store: Store, *statements: str) -> None:
    async with store.database.writing() as transaction:
        for statement in statements:
            await transaction.execute(text(statement))


async def said(fitness: Fitness) -> str | None:
    """What the next look finds."""
    await fitness.round()
    return fitness.misfit


def revision(number: str) -> str:
    return f"UPDATE alembic_version SET version_num = '{number}'"


async def test_a_schema_that_changes_under_the_daemon_is_said_once_and_so_is_its_return(store: Store) -> None:
    fitness = Fitness(store.archive.misfit, HandClock())
    assert await said(fitness) is None
    with structlog.testing.capture_logs() as logs:
        try:
            await execute(store, revision("0002"))
            for _ in range(3):
                await said(fitness)
            assert f"schema 0002, and this version of poller needs {HEAD}; restart poller" in str(await said(fitness))
        finally:
            await execute(store, revision(HEAD))
        assert await said(fitness) is None
    assert [log["log_level"] for log in logs] == ["error", "info"]


async def test_a_newer_schema_is_a_misfit_unless_the_others_may_go_on_with_it(store: Store) -> None:
    fitness = Fitness(store.archive.misfit, HandClock())
    try:
        await execute(store, revision(NEWER))
        if store.database.is_sqlite:
            words = f"schema {NEWER} was made by a newer version of poller, and this one needs {HEAD}"
            assert words in str(await said(fitness))
        else:
            assert await said(fitness) is None
            await execute(store, f"INSERT INTO floors VALUES ('{NEWER}')")
            assert "install that version and restart" in str(await said(fitness))
    finally:
        await execute(store, revision(HEAD), "DELETE FROM floors")


async def test_a_database_that_cannot_be_read_or_does_not_answer_is_a_misfit() -> None:
    clock = HandClock()

    async def away() -> str | None:
        clock.pass_(UNANSWERED + 1)
        assert fitness.misfit == f"the database has not answered for {UNANSWERED + 1:.0f} s"
        raise StoreUnavailable("the server is away")

    fitness = Fitness(away, clock)
    await fitness.round()
    assert fitness.misfit == "the database does not take part: the server is away"


async def test_tables_that_are_gone_are_a_misfit(store: Store) -> None:
    fitness = Fitness(store.archive.misfit, HandClock())
    try:
        await execute(store, "ALTER TABLE alembic_version RENAME TO elsewhere")
        await fitness.round()
        assert "poller db upgrade" in str(fitness.misfit)
    finally:
        await execute(store, "ALTER TABLE elsewhere RENAME TO alembic_version")


async def test_asking_whether_the_daemon_is_ready_asks_no_database() -> None:
    looks = 0

    async def look() -> str | None:
        nonlocal looks
        looks += 1
        return None

    fitness = Fitness(look, HandClock())
    await fitness.round()
    assert [fitness.misfit for _ in range(1000)] == [None] * 1000
    assert looks == 1
