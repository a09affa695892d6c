"""When the database cannot: which error it is, that nothing is lost, and that it goes on afterwards."""

import sqlite3
import threading
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from poller.errors import StoreError, StoreFull, StoreUnavailable
from poller.store import engines
from poller.store.quick import QuickConnection
from poller.store.store import Store, back_up, open_archive, open_store
from tests.core.samples import NOON
from tests.store.conftest import Server
from tests.store.making import changed, claim, event, owed, tell, watch


async def limit_pages(store: Store, more: int) -> None:
    """Let the file grow by `more` pages and no further: SQLite then fails as it does on a full disk."""
    async with store.database.outside_transactions(write=True) as sqlite:
        [(pages,)] = await sqlite.execute_fetchall("PRAGMA page_count")
        await sqlite.execute_fetchall(f"PRAGMA max_page_count = {pages + more}")


async def test_a_full_disk_is_said_loses_nothing_and_is_over_when_there_is_space(file: Path) -> None:
    async with open_store(file) as store:
        await tell(store, "a", 1)
        await watch(store, *(f"job{number:03}" for number in range(100)), now=NOON)
        jobs = await claim(store)
        await limit_pages(store, more=2)
        polls = [changed(due, event(due.job_id, 1)) for due in jobs]
        with pytest.raises(StoreFull, match=r"no space left on the disk; nothing was written"):
            await store.ledger.record(polls)
        assert [row.event.id for row in await store.archive.events()] == ["a-1"]
        assert [one.event.id for one in await owed(store)] == ["a-1"]
        await limit_pages(store, more=10_000)
        assert await store.ledger.record(polls) == []
        assert len(await store.archive.events()) == 101


async def test_a_file_that_has_become_read_only_is_said_loses_nothing_and_is_over_when_it_is_writable(
    file: Path,
) -> None:
    async def read_only(switch: str) -> None:
        async with store.database.outside_transactions(write=True) as sqlite:
            await sqlite.execute_fetchall(f"PRAGMA query_only = {switch}")

    async with open_store(file) as store:
        await watch(store, "job", now=NOON)
        [due] = await claim(store)
        await read_only("ON")
        polls = [changed(due, event(due.job_id, 1))]
        with pytest.raises(StoreUnavailable, match=r"readonly.*SQLITE_READONLY.*check that the file and its directory"):
            await store.ledger.record(polls)
        await read_only("OFF")
        assert await store.ledger.record(polls) == []
        assert [row.event.id for row in await store.archive.events()] == ["job-1"]


async def test_on_a_full_disk_the_journal_is_written_from_its_beginning_again(file: Path) -> None:
    journal = file.with_name(f"{file.name}-wal")
    async with open_store(file) as store:
        await watch(store, *(f"job{number:03}" for number in range(100)), now=NOON)
        jobs = await claim(store)
        await limit_pages(store, more=2)
        with pytest.raises(StoreFull):
            await store.ledger.record([changed(due, event(due.job_id, 1)) for due in jobs])
        length = journal.stat().st_size
        await limit_pages(store, more=10_000)
        await tell(store, "a", 1)
        assert journal.stat().st_size == length


async def test_a_damaged_file_is_named_with_a_remedy(file: Path) -> None:
    await anyio.Path(file).write_bytes(b"not a database at all, only words. " * 200)
    with pytest.raises(StoreError, match=r"poller\.db: the file is damaged .*poller db backup"):
        async with open_store(file):
            pass


async def test_a_connection_that_cannot_be_opened_leaves_no_thread_behind() -> None:
    """It would report to a loop that is closed by then, with a traceback on standard error."""
    before = threading.enumerate()

    def refuse() -> sqlite3.Connection:
        raise sqlite3.DatabaseError

    with pytest.raises(sqlite3.DatabaseError):
        await QuickConnection(refuse, begin="BEGIN").opened()
    assert [thread for thread in threading.enumerate() if thread not in before] == []


async def test_what_is_open_for_reading_cannot_be_written(url: str) -> None:
    async with open_store(url):
        pass
    async with open_archive(url) as archive:
        with pytest.raises(StoreUnavailable, match="opened for reading only"):
            async with archive._database.writing():
                pass
        with pytest.raises(StoreUnavailable):
            async with archive._database.reading() as view:
                await view.execute(text("DELETE FROM jobs"))


async def test_a_table_that_is_missing_points_to_the_upgrade(store: Store) -> None:
    async with store.database.writing() as transaction:
        await transaction.execute(text("ALTER TABLE sources RENAME TO elsewhere"))
    try:
        with pytest.raises(StoreError, match="poller db upgrade"):
            await store.ledger.health("prod")
    finally:
        async with store.database.writing() as transaction:
            await transaction.execute(text("ALTER TABLE elsewhere RENAME TO sources"))


async def test_an_error_quotes_no_value_of_a_row(store: Store) -> None:
    await watch(store, "a")
    [due] = await claim(store)
    one = event("a", 1, transition="SECRET1")
    other = one._replace(id="SECRET2")  # with the same place in the job's sequence
    with pytest.raises(StoreError, match="the database refused a statement") as caught:
        await store.ledger.record([changed(due, one, other)])
    assert caught.value.__cause__ is None
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.003, 0.01])
async def test_a_cancelled_record_has_happened_or_not_and_the_next_one_works(store: Store, delay: float) -> None:
    await watch(store, *(f"job{number:02}" for number in range(50)))
    jobs = await claim(store)
    polls = [changed(due, event(due.job_id, 1)) for due in jobs]
    done = False
    with anyio.move_on_after(delay):
        await store.ledger.record(polls)
        done = True
    written = len(await store.archive.events())
    assert written in ((50,) if done else (0, 50))
    refused = await store.ledger.record(polls)
    assert len(refused) == written
    assert len(await store.archive.events()) == 50


async def test_a_transaction_that_has_begun_is_not_cancelled(store: Store) -> None:
    with anyio.CancelScope() as scope:
        async with store.database.writing() as transaction:
            scope.cancel()
            await transaction.execute(text("INSERT INTO sources (name) VALUES ('prod')"))
    assert (await store.archive.size()).rows["sources"] == 1


async def test_an_exception_of_the_caller_rolls_back(store: Store) -> None:
    async def stop_halfway() -> None:
        async with store.database.writing() as transaction:
            await transaction.execute(text("INSERT INTO sources (name) VALUES ('prod')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stop_halfway()
    assert (await store.archive.size()).rows["sources"] == 0


async def test_a_server_that_is_not_there_is_unavailable_and_no_password_is_shown() -> None:
    with pytest.raises(StoreUnavailable, match=r"the PostgreSQL database of store\.url: ") as caught:
        async with open_store("postgresql://user:hunter2@127.0.0.1:1/db"):
            pass
    assert "hunter2" not in str(caught.value)


async def test_postgresql_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    with pytest.raises(StoreError, match=r"pip install 'poller\[postgresql\]'"):
        async with open_store("postgresql://user@host/db"):
            pass


async def test_a_server_is_backed_up_with_its_own_tool(postgresql: Server, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        await back_up(postgresql.emptied(), tmp_path / "copy")


async def test_two_daemons_share_a_server_and_tell_a_change_once(postgresql: Server) -> None:
    url = postgresql.emptied()
    async with open_store(url) as one, open_store(url) as other:
        await watch(one, *(f"job{number:02}" for number in range(30)))
        jobs = await claim(one)
        assert await claim(other) == []
        polls = [changed(due, event(due.job_id, 1)) for due in jobs]
        refused: list[int] = []

        async def record(store: Store) -> None:
            refused.extend(await store.ledger.record(polls))

        async with anyio.create_task_group() as group:
            for store in (one, other):
                group.start_soon(record, store)
        assert len(refused) == 30
        claimed = [item.event.id for store in (one, other) for item in await owed(store)]
        assert sorted(claimed) == sorted(f"job{number:02}-1" for number in range(30))
