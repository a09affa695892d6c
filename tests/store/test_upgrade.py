"""From the first schema, with rows of a life in it, to the newest: nothing is lost, and a SQLite database is copied first."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from alembic import command
from sqlalchemy import Connection, text

from poller.errors import StoreFull
from poller.store.database import open_database
from poller.store.place import to_place
from poller.store.safeguard import KEPT, copies
from poller.store.schema import HEAD, alembic_config, upgrade
from poller.store.store import open_store
from tests.core.samples import NOON
from tests.store.conftest import Server

FIRST = "0001"
ROWS = (
    (
        "INSERT INTO jobs (id, source, job_id, labels, by_file, by_request, by_discovery, paused, watching, state, state_class,"
        " state_since, revision, sequence, due_at, failures, absences, missing, added_at, removed_by_operator, quiet_entries)"
        " VALUES (7, 'prod', 'a', '{}', true, false, false, false, true, 'TRAINING', 'active',"
        " 1000, 3, 2, 2000, 0, 0, false, 900, false, 0)"
    ),
    "INSERT INTO known (job, snapshot, counts) VALUES (7, '{\"state\": \"TRAINING\"}', '{}')",
    "INSERT INTO snapshots (id, job, revision, observed_at, delta) VALUES (1, 7, 3, 1000, '{}')",
    *(
        "INSERT INTO events (position, id, type, transition, source, subject, job, sequence, time, observed_at, data)"
        f" VALUES ({number}, 'id-{number}', 'poller.job.state_changed', 'TRAINING', 'prod', 'a', 7, {number},"
        " '2023-12-09T07:31:43Z', 1000, '{\"transition\": \"TRAINING\"}')"
        for number in (1, 2)
    ),
    (
        "INSERT INTO deliveries (id, event, notifier, job, sequence, state, attempts, created_at, settled_at)"
        " VALUES (1, 1, 'hook', 7, 1, 'delivered', 1, 1000, 1001)"
    ),
    (
        "INSERT INTO deliveries (id, event, notifier, job, sequence, state, attempts, next_attempt_at, last_error, created_at)"
        " VALUES (2, 2, 'hook', 7, 2, 'pending', 1, 1500, 'HTTP 500', 1000)"
    ),
    "INSERT INTO sources (name, blind_since, reason, watched_since) VALUES ('prod', 1000, 'HTTP 401', 900)",
    "INSERT INTO pulses (source, state, age, entries, seconds) VALUES ('prod', 'TRAINING', 0, 1, 1)",
    "INSERT INTO stays (id, source, state, seconds, at) VALUES (1, 'prod', 'TRAINING', 60, 1000)",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, file: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{file}"
    server: Server = request.getfixturevalue("postgresql")
    return server.fresh()


def _to_first(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), FIRST)
    for row in ROWS:
        connection.execute(text(row.replace(":", "\\:")))


async def aged(url: str | Path) -> None:
    """A database as the first version of poller left it."""
    async with open_database(to_place(url), exclusive=True) as database, database.writing() as transaction:
        await transaction.run_sync(_to_first)


async def test_a_database_of_the_first_version_goes_on_with_all_that_is_in_it(empty: str) -> None:
    await aged(empty)
    async with open_store(empty) as store:
        assert (store.schema.revision, store.schema.head) == (FIRST, HEAD)
        [job] = await store.archive.jobs()
        assert (job.source, job.job_id, job.state, job.due_at) == ("prod", "a", "TRAINING", 2000)
        assert [row.event.id for row in await store.archive.events(after=0)] == ["id-1", "id-2"]
        found = {row.id: (row.state, row.attempts, row.last_error) for row in await store.archive.deliveries()}
        assert found == {1: ("delivered", 1, None), 2: ("pending", 1, "HTTP 500")}
        assert (await store.archive.health("prod")).reason == "HTTP 401"
        [due] = await store.ledger.claim("prod", now=NOON, until=NOON + 60, limit=9)
        assert (due.key, due.revision) == (7, 3)
        owed = await store.outbox.claim("hook", now=NOON, until=NOON + 60, limit=9, ordered=True)
        assert [one.delivery.id for one in owed] == [2]
        await store.registry.add("prod", ["b"], now=NOON)
        assert (await store.archive.size()).rows["jobs"] == 2


async def test_the_copy_is_the_old_database_whole_and_private(file: Path) -> None:
    await aged(file)
    async with open_store(file) as store:
        copy = store.schema.copy
    assert copy is not None
    assert copy.name.startswith(f"poller.db.{FIRST}.2")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (FIRST,)
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_a_new_or_current_database_is_not_copied(file: Path) -> None:
    for _ in range(2):
        async with open_store(file) as store:
            assert store.schema.copy is None
    assert copies(file) == []


async def test_the_newest_few_copies_are_kept(file: Path) -> None:
    made = []
    for number in range(KEPT + 2):
        await anyio.Path(file).unlink(missing_ok=True)
        await aged(file)
        async with open_database(to_place(file), exclusive=True) as database:
            made.append((await upgrade(database, now=NOON + number // 2)).copy)
    assert copies(file) == made[-KEPT:]
    assert len(set(made)) == len(made)


async def test_without_room_for_the_copy_nothing_is_changed_and_the_remedy_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aged(file)
    monkeypatch.setattr(shutil, "disk_usage", _almost_full)
    with pytest.raises(
        StoreFull, match=r"upgraded from 0001 a copy of .* MB is made, .*`poller db upgrade --no-backup`"
    ):
        async with open_store(file):
            pass
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (FIRST,)
    connection.close()
    async with open_database(to_place(file), exclusive=True) as database:
        assert (await upgrade(database, now=NOON, copy_first=False)).copy is None
    assert copies(file) == []


async def test_a_newer_schema_is_refused_without_a_copy(file: Path) -> None:
    await aged(file)
    _with(file, lambda connection: connection.execute("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Exception, match="9999 was made by a newer version"):
        async with open_store(file):
            pass
    assert copies(file) == []


def _with(file: Path, change: Callable[[sqlite3.Connection], Any]) -> None:
    with sqlite3.connect(file) as connection:
        change(connection)
    connection.close()


def _almost_full(_: Path) -> Any:
    return shutil._ntuple_diskusage(total=10**9, used=10**9 - 1000, free=1000)
