"""From a SQLite file to PostgreSQL: everything arrives, with its ids, or nothing does."""

import os
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from poller.errors import StoreBusy, StoreError, UsageError
from poller.store.copying import TABLES, copy
from poller.store.place import to_place
from poller.store.store import Store, open_store
from tests.core.samples import NOON
from tests.store.conftest import Server
from tests.store.making import claim, deliver, names, owed, tell, watch


async def fill(file: Path) -> None:
    async with open_store(file) as store:
        await tell(store, "a", 1, 2)
        await tell(store, "b", 1)
        await deliver(store, (await owed(store, limit=1)))
        await watch(store, *(f"{number:04}" for number in range(2500)))
        await claim(store, limit=5)


async def rows(store: Store) -> dict[str, list[object]]:
    async with store.database.reading() as view:
        found: dict[str, list[object]] = {}
        for table in TABLES:
            lasting = [column for column in table.columns if column.name not in {"claimed_until", "owner"}]
            kept = await view.execute(select(*lasting).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in kept]
        return found


async def test_every_row_arrives_with_its_id_and_work_goes_on(file: Path, postgresql: Server) -> None:
    await fill(file)
    target, told = postgresql.fresh(), []
    copied = await copy(to_place(file), to_place(target), lambda *progress: told.append(progress))
    async with open_store(file) as before, open_store(target) as after:
        assert await rows(after) == await rows(before)
        assert (copied["jobs"], copied["events"], copied["deliveries"]) == (2502, 3, 3)
        assert ("jobs", 2000, 2502) in told
        assert sorted(names(await owed(after))) == ["a-2", "b-1"]
        assert len(await claim(after, limit=9999)) == 2500  # also those that the stopped daemon had in hand
        await tell(after, "new", 1, now=NOON + 1)
        positions = [row.position for row in await after.archive.events()]
        assert positions == sorted(positions, reverse=True)
        assert len(positions) == 4


async def test_a_target_with_rows_in_it_is_refused(file: Path, postgresql: Server) -> None:
    await fill(file)
    target = postgresql.fresh()
    async with open_store(target) as store:
        await watch(store, "mine")
    with pytest.raises(UsageError, match=r"has rows in jobs; a copy needs an empty database"):
        await copy(to_place(file), to_place(target), lambda *_: None)


async def test_a_file_in_use_is_refused(file: Path, postgresql: Server) -> None:
    async with open_store(file):
        with pytest.raises(StoreBusy, match="another poller daemon"):
            await copy(to_place(file), to_place(postgresql.url), lambda *_: None)


async def test_a_copy_that_breaks_off_leaves_nothing_behind(file: Path, postgresql: Server) -> None:
    await fill(file)
    target = postgresql.fresh()

    def break_off(table: str, *_: int) -> None:
        if table == "events":
            raise StoreError("as if the server had gone")

    with pytest.raises(StoreError, match="as if"):
        await copy(to_place(file), to_place(target), break_off)
    async with open_store(target) as store, store.database.reading() as view:
        counts = [(await view.execute(select(func.count()).select_from(table))).scalar_one() for table in TABLES]
    assert sum(counts) == 0


async def test_only_from_a_file_to_a_server(file: Path, postgresql: Server) -> None:
    for source, target in ((postgresql.url, postgresql.url), (file, file), (postgresql.url, file)):
        with pytest.raises(UsageError, match=r"from sqlite:///FILE to postgresql://"):
            await copy(to_place(source), to_place(target), lambda *_: None)


async def test_a_file_that_is_not_there_is_not_made(file: Path, postgresql: Server) -> None:
    with pytest.raises(StoreError, match="there is no database at"):
        await copy(to_place(file), to_place(postgresql.url), lambda *_: None)
    assert os.listdir(file.parent) == [f"{file.name}.lock"]


async def test_the_counts_of_both_sides_are_compared(file: Path, postgresql: Server) -> None:
    await fill(file)
    target = postgresql.fresh()
    async with open_store(target) as store, store.database.writing() as transaction:
        await transaction.execute(text("CREATE RULE lose AS ON INSERT TO stays DO INSTEAD NOTHING"))
        await transaction.execute(text("CREATE RULE lose AS ON INSERT TO known DO INSTEAD NOTHING"))
    with pytest.raises(StoreError, match=r"known: 2 rows were read and 0 arrived; nothing was kept"):
        await copy(to_place(file), to_place(target), lambda *_: None)
