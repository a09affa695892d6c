"""The SQLite file: who may read it, who may write it, copies of it, and what happens when a process is killed."""

import os
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from poller.core.secret import Secret
from poller.errors import StoreBusy, StoreError, StoreUnavailable, UsageError
from poller.store.engines import BUSY_TIMEOUT
from poller.store.store import back_up, open_archive, open_store
from tests.store.making import claim, deliver, owed, tell
from tests.store.process import BATCH, another_process


def modes(folder: Path) -> dict[str, str]:
    return {entry.name: oct(entry.stat().st_mode & 0o777) for entry in os.scandir(folder)}


def integrity(file: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()


async def test_every_file_is_for_its_owner_alone(file: Path) -> None:
    old = os.umask(0)
    try:
        async with open_store(file) as store:
            await tell(store, "a", 1)
            await back_up(file, file.with_name("copy"))
            found = modes(file.parent)
    finally:
        os.umask(old)
    assert set(found) == {"poller.db", "poller.db-wal", "poller.db-shm", "poller.db.lock", "copy"}
    assert set(found.values()) == {"0o600"}


async def test_a_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    os.close(os.open(file, os.O_CREAT, 0o644))
    async with open_store(file):
        assert set(modes(file.parent).values()) == {"0o600"}


async def test_a_second_daemon_is_refused_and_told_who_is_there(file: Path) -> None:
    with another_process("hold", file) as (holder, said):
        assert said.readline() == "open\n"
        with pytest.raises(
            StoreBusy, match=rf"another poller daemon \(pid {holder.pid}\) already uses .*poller\.db; stop it or"
        ):
            async with open_store(file):
                pass
        async with open_archive(file) as archive:
            assert await archive.jobs() == []
    async with open_store(file) as store:  # the kernel has dropped the lock of the killed process
        assert await store.archive.jobs() == []


async def test_a_link_to_the_file_is_the_file(file: Path) -> None:
    folder = file.parent / "elsewhere"
    folder.mkdir()
    (folder / "link.db").symlink_to(file)
    async with open_store(file):
        with pytest.raises(StoreBusy, match="another poller daemon"):
            async with open_store(folder / "link.db"):
                pass
    async with open_store(folder / "link.db"):
        with pytest.raises(StoreBusy, match="another poller daemon"):
            async with open_store(file):
                pass
    assert {each.name for each in folder.iterdir()} == {"link.db"}


async def test_what_is_stored_can_be_read_beside_the_daemon_and_without_it(file: Path) -> None:
    async with open_store(file) as store:
        await tell(store, "a", 1)
        async with open_archive(file) as archive:
            assert [row.event.id for row in await archive.events()] == ["a-1"]
    async with open_archive(Secret(f"sqlite:///{file}")) as archive:
        assert [row.event.id for row in await archive.events()] == ["a-1"]


async def test_a_killed_writer_leaves_each_batch_whole_or_absent(file: Path) -> None:
    dice = random.Random(7)
    for _ in range(3):
        with another_process("write", file) as (process, said):
            lines = [said.readline() for _ in range(dice.randrange(2, 12))]
            process.kill()
            lines += said.readlines()
        confirmed = max((int(line) for line in lines if line.strip().isdigit()), default=0)
        async with open_archive(file) as archive:
            whole = Counter(row.event.sequence for row in await archive.events(limit=1000))
            size = await archive.size()
        assert set(whole.values()) == {BATCH}
        assert max(sequence or 0 for sequence in whole) in (confirmed, confirmed + 1)
        assert size.rows["events"] == size.rows["deliveries"] == size.rows["snapshots"] == sum(whole.values())
        assert integrity(file) == [("ok",)]
        for name in os.listdir(file.parent):
            os.unlink(file.parent / name)


async def test_leases_of_a_killed_daemon_are_void(file: Path) -> None:
    async with open_store(file) as store:
        await tell(store, "a", 1)
        assert len(await claim(store, now=9e9)) == 1
        assert len(await owed(store, now=9e9)) == 1
    async with open_store(file) as store:
        assert len(await claim(store, now=9e9)) == 1
        assert len(await owed(store, now=9e9)) == 1


async def test_a_backup_is_a_whole_database(file: Path) -> None:
    copy = file.with_name("copy.db")
    async with open_store(file) as store:
        await tell(store, "a", 1)
        await back_up(file, copy)
        await deliver(store, await owed(store))
    async with open_store(copy) as store:
        [row] = await store.archive.deliveries()
        assert (row.event_id, row.state) == ("a-1", "pending")


async def test_a_backup_overwrites_nothing(file: Path) -> None:
    async with open_store(file):
        with pytest.raises(UsageError, match=r"poller\.db exists; a backup overwrites nothing"):
            await back_up(file, file)
        with pytest.raises(UsageError, match="cannot make"):
            await back_up(file, file.parent / "no" / "folder")


async def test_a_backup_that_fails_leaves_no_file(file: Path) -> None:
    await anyio.Path(file).write_bytes(b"this is no database, but it is long enough to look at" * 100)
    copy = file.with_name("copy")
    with pytest.raises(StoreError, match="the file is damaged"):
        await back_up(file, copy)
    assert "copy" not in modes(file.parent)


async def test_a_reader_that_does_not_end_keeps_nobody_waiting(file: Path) -> None:
    async with open_store(file) as store:
        await tell(store, "a", 1)
        async with open_archive(file) as archive, archive._database.reading() as view:
            await view.exec_driver_sql("SELECT count(*) FROM events")
            await tell(store, "b", 1)
            began = time.monotonic()
            await store.retention.idle()
            assert time.monotonic() - began < BUSY_TIMEOUT / 2
            assert (await store.archive.size()).journal_bytes > 0
        await store.retention.idle()
        assert (await store.archive.size()).journal_bytes == 0


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"cannot open the lock file .*/no/poller\.db\.lock"):
        async with open_store(tmp_path / "no" / "poller.db"):
            pass


async def test_only_two_kinds_of_database_are_known() -> None:
    with pytest.raises(StoreError, match=r"expected sqlite:///FILE or postgresql://") as caught:
        async with open_store("mysql://user:hunter2@host/db"):
            pass
    assert "hunter2" not in str(caught.value)
