"""What a person sees: colour on a terminal, none when piped or when NO_COLOR is set, local times."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from poller.core.job import NEVER_SEEN
from poller.store.store import Store
from tests.cli.operating import Operator
from tests.core.samples import look, snapshot
from tests.store import making


def _on_a_terminal(folder: Path, *arguments: str, **environ: str) -> str:
    """What the command writes to a terminal of its own."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "poller", *arguments],
        stdout=terminal,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "TZ": "Asia/Shanghai", **environ},
    )
    os.close(terminal)
    written = b""
    try:
        while part := os.read(controller, 65536):
            written += part
    except OSError:  # Linux's way to say that the other end is closed
        pass
    finally:
        os.close(controller)
    assert process.wait(timeout=30) == 0
    return written.decode()


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colour_and_local_times_unless_told_otherwise(
    poller: Operator, no_colour: str, coloured: bool
) -> None:
    poller.fill(lambda store: making.tell(store, "efc5300ecdba4ea48d1ff13a9d907bc0", 1))

    written = _on_a_terminal(poller.folder, "jobs", "list", NO_COLOR=no_colour, COLUMNS="60")

    assert ("\x1b[36m" in written) is coloured
    assert "efc5300ecdba4ea48d1ff13a9d907bc0" in written
    assert "2023-12-09 15:31:50" in written


def test_a_person_is_told_that_a_list_is_empty(poller: Operator) -> None:
    poller("db", "upgrade")

    assert "poller jobs add SOURCE JOB_ID" in _on_a_terminal(poller.folder, "jobs", "list")


def test_a_name_without_end_is_cut_in_a_table_and_whole_in_json(poller: Operator) -> None:
    poller.fill(_named_without_end)

    assert max(map(len, poller("jobs", "list").lines)) < 400
    assert max(map(len, poller("jobs", "show", "a").lines)) < 5_000
    assert poller("jobs", "list", "--json").rows[0]["name"] == "n" * 100_000


async def _named_without_end(store: Store) -> None:
    await making.watch(store, "a")
    known = look(NEVER_SEEN, snapshot("TRAINING", fields={"name": "n" * 100_000})).known
    await store.ledger.record([making.changed(await making.due_of(store, "a"), known=known)])


def test_what_is_piped_has_no_colour_and_rfc_3339(poller: Operator) -> None:
    poller.fill(lambda store: making.tell(store, "a", 1))

    out = poller("jobs", "list").out
    assert "\x1b" not in out
    assert "2023-12-09T07:31:50.120Z" in out
