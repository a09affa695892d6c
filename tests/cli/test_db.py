import sqlite3
import stat

import pytest

from poller.store.store import Store
from tests.cli.operating import Operator
from tests.core.samples import NOON
from tests.store import making


async def _old_and_pending(store: Store) -> None:
    await making.tell(store, "a", 1, now=NOON)
    await making.reject(store, await making.owed(store))
    await making.tell(store, "b", 1)


def test_upgrade_makes_a_database_and_then_has_nothing_to_do(poller: Operator) -> None:
    assert poller("db", "upgrade").out.startswith("schema none -> ")
    assert poller("db", "upgrade").out.endswith(": nothing to do\n")


def test_the_status_shows_schema_sizes_and_what_is_owed(poller: Operator) -> None:
    poller.fill(_old_and_pending)

    status = poller("db", "status", "--json").rows[0]
    assert status["schema"] == status["wanted"]
    assert (status["rows"]["events"], status["pending"], status["dead"]) == (2, 1, 1)
    assert (status["daemon"], status["oldest_pending_at"]) == ("not running", "2023-12-09T07:31:50.120Z")
    assert "pending         1\n" in poller("db", "status").out


def test_the_status_says_that_the_daemon_runs(poller: Operator) -> None:
    with poller.daemon():
        assert poller("db", "status", "--json").rows[0]["daemon"] == "running"


def test_a_backup_is_a_whole_private_database_and_overwrites_nothing(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(_old_and_pending)
        assert poller("db", "backup", "copy.db").code == 0
        assert poller("db", "backup", "copy.db").code == 2

    copy = poller.folder / "copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (2,)
    connection.close()


def test_prune_deletes_what_is_older_than_the_file_says_and_keeps_what_is_owed(poller: Operator) -> None:
    poller.fill(_old_and_pending)

    assert poller("db", "prune").out != "0 rows deleted\n"
    assert poller("db", "prune").out == "0 rows deleted\n"
    assert [row["id"] for row in poller("events", "--json").rows] == ["b-1"]


def test_a_running_daemon_is_asked_to_prune(poller: Operator) -> None:
    with poller.daemon() as daemon:
        daemon.do(_old_and_pending)

        assert poller("db", "prune").out != "0 rows deleted\n"
        assert poller("db", "prune").out == "0 rows deleted\n"
        assert {row["state"] for row in poller("deliveries", "list", "--json").rows} == {"pending"}


def test_an_upgrade_is_refused_while_a_daemon_runs(poller: Operator) -> None:
    with poller.daemon():
        ran = poller("db", "upgrade")

    assert ran.code == 1
    assert "already uses" in ran.err


def test_without_a_database_every_reading_command_says_so_and_makes_none(poller: Operator) -> None:
    for command in (["jobs", "list"], ["events"], ["deliveries", "list"], ["db", "status"], ["db", "prune"]):
        ran = poller(*command)
        assert (ran.code, ran.out) == (1, "")
        assert "there is no database at" in ran.err
    assert not (poller.folder / "poller.db").exists()


def test_in_a_folder_without_a_configuration_the_default_database_is_made_and_shown(poller: Operator) -> None:
    (poller.folder / "poller.toml").unlink()

    assert poller("db", "upgrade").code == 0
    assert poller("db", "status", "--json").rows[0]["database"] == str(poller.folder / "poller.db")
    assert poller("db", "prune").code == 2


def test_a_configuration_that_is_named_has_to_be_there(poller: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("upgrade", "status"):
        ran = poller("db", command, "--config", "nowhere.toml")
        assert ran.code == 2
        assert "the file does not exist" in ran.err
    monkeypatch.setenv("POLLER_CONFIG", "nowhere.toml")
    assert poller("db", "upgrade").code == 2
    assert not (poller.folder / "poller.db").exists()
