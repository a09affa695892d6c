"""What holds for every command: help, exit codes, how errors are said, where `--config` may stand."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from poller import __version__
from poller.cli import main
from poller.errors import PollerError, StoreFull
from tests.cli.operating import CONFIG, Operator

HEAVY = {"aiohttp", "alembic", "apscheduler", "pydantic", "sqlalchemy", "msgspec", "rich.table"}
# Commands that print rows, with what they need besides.
LISTINGS = (["jobs", "list"], ["events"], ["deliveries", "list"], ["silence", "list"], ["batches"])
CHANGES = (
    ["jobs", "add", "prod", "a"],
    ["jobs", "remove", "prod", "a"],
    ["jobs", "pause", "prod", "a"],
    ["jobs", "resume", "prod", "a"],
    ["jobs", "poll", "prod", "a"],
    ["jobs", "ack", "prod", "a"],
    ["silence", "add", "--on", "*", "--for", "1h", "--comment", "x"],
    ["silence", "expire", "1"],
    ["deliveries", "retry", "1"],
    ["deliveries", "discard", "1"],
    ["notify", "test", "hook"],
)


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*path, name))


ALL = dict(_commands(typer.main.get_command(main.app)))


def _words(path: object) -> str:
    return " ".join(path) if isinstance(path, (tuple, list)) else str(path)


@pytest.mark.parametrize("path", ALL, ids=_words)
def test_every_command_has_a_help_text(poller: Operator, path: tuple[str, ...]) -> None:
    ran = poller(*path, "--help")

    assert (ran.code, ran.err) == (0, "")
    assert ALL[path].help
    assert "Usage: poller" in ran.out


@pytest.mark.parametrize("listing", LISTINGS, ids=_words)
def test_every_listing_has_json_lines_and_of_nothing_none(poller: Operator, listing: list[str]) -> None:
    assert poller("db", "upgrade").code == 0

    ran = poller(*listing, "--json")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_every_command_named_list_is_among_the_listings() -> None:
    assert {path for path in ALL if path[-1:] == ("list",)} <= {tuple(listing) for listing in LISTINGS}


@pytest.mark.parametrize("change", CHANGES, ids=_words)
def test_what_needs_the_daemon_exits_3_without_it_and_says_what_to_do(poller: Operator, change: list[str]) -> None:
    ran = poller(*change)

    assert (ran.code, ran.out) == (3, "")
    assert f"no daemon answers at {poller.folder / 'poller.sock'}" in ran.err
    assert "poller run" in ran.err


def test_a_socket_that_a_killed_daemon_left_behind_is_no_daemon(poller: Operator) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(poller.folder / "poller.sock"))

    assert poller("jobs", "pause", "prod", "a").code == 3


def test_the_socket_of_the_runtime_directory_is_used(poller: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    with poller.daemon():
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(poller.folder / "elsewhere"))
        assert poller("jobs", "add", "prod", "a").code == 3
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(poller.folder))
        assert poller("jobs", "add", "prod", "a").code == 0


def test_the_configuration_may_be_named_before_and_after_the_command(poller: Operator) -> None:
    (poller.folder / "poller.toml").rename(poller.folder / "named.toml")
    assert poller("db", "upgrade", "--config", "named.toml").code == 0

    assert poller("jobs", "list").code == 2
    assert poller("--config", "named.toml", "jobs", "list").code == 0
    assert poller("jobs", "list", "--config=named.toml").code == 0
    assert poller("jobs", "--config", "named.toml", "list").code == 0
    assert poller("--config", "nowhere.toml", "jobs", "--config", "named.toml", "list").code == 0
    assert poller("--config", "nowhere.toml", "jobs", "list", "--config", "named.toml").code == 0


def test_without_any_configuration_the_places_that_were_tried_are_named(poller: Operator) -> None:
    (poller.folder / "poller.toml").unlink()

    ran = poller("jobs", "list")

    assert ran.code == 2
    assert "neither --config, $POLLER_CONFIG" in ran.err


@pytest.mark.parametrize("arguments", [["nonsense"], ["jobs", "lst"], ["jobs", "list", "--nope"], ["jobs", "add"]])
def test_wrong_usage_exits_2(poller: Operator, arguments: list[str]) -> None:
    assert poller(*arguments).code == 2


def test_the_version_is_shown(poller: Operator) -> None:
    ran = poller("--version")

    assert (ran.code, ran.out) == (0, f"poller {__version__}\n")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PollerError("first\n  second\x1b[2J"), 1, "poller: first\n  second [2J\n"),
        (ExceptionGroup("tasks", [ExceptionGroup("more", [StoreFull("no space")])]), 1, "poller: no space\n"),
        (BaseExceptionGroup("tasks", [KeyboardInterrupt()]), 130, ""),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_are_said_in_one_voice(
    poller: Operator, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    def failing(given: Path | None) -> None:
        raise error

    monkeypatch.setattr("poller.cli.job_views.read_setting", failing)

    ran = poller("jobs", "list")
    assert (ran.code, ran.err) == (code, said)


def test_a_bug_is_not_hidden(poller: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(given: Path | None) -> None:
        raise KeyError("bug")

    monkeypatch.setattr("poller.cli.job_views.read_setting", failing)

    with pytest.raises(KeyError):
        poller("jobs", "list")


def test_help_loads_nothing_heavy() -> None:
    script = f"import sys, poller.cli.main; print(sorted({HEAVY!r} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout == "[]\n"


def test_a_reader_that_goes_away_is_no_error_worth_a_word(poller: Operator) -> None:
    poller.fill(_many)
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "poller", "events", "--json"], stdout=write, stderr=subprocess.PIPE, cwd=poller.folder
    )
    os.close(write)
    os.read(read, 1)
    os.close(read)

    assert process.stderr is not None
    assert process.communicate(timeout=30)[1] == b""
    assert process.returncode in {0, 1}


def test_credentials_are_not_needed_to_look(poller: Operator) -> None:
    assert 'env = "NOT_SET"' in CONFIG
    assert poller("db", "upgrade").code == 0
    assert poller("jobs", "list").code == 0
    assert poller("check").code == 2


async def _many(store: Any) -> None:
    from tests.store import making

    await making.tell(store, "a", *range(1, 1001))
