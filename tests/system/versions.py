"""An older version of poller beside this one on one PostgreSQL. Run: .venv/bin/python -m pytest tests/system/versions.py

The older one is a commit of this repository (POLLER_OLDER, or the last one with another schema), checked out beside this one and run
with the same libraries. It makes the database and works; this version joins and upgrades the schema, and both work side by side.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from poller.simulator.audit import audit
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.store.schema import HEAD
from tests.process.campaign import world_of
from tests.process.daemon import daemon_in, until
from tests.process.fleet import LEASE, alive_is
from tests.process.postgres import own_server
from tests.process.settings import SECRET, source, webhook

TOP = Path(__file__).resolve().parents[2]
SECONDS = 40.0  # that all lives take


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=TOP, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Path]:
    """A work tree of the older version."""
    commit = os.environ.get("POLLER_OLDER") or _git(
        "log", "-1", "--format=%h^", "--diff-filter=A", "--", "migrations/versions"
    )
    tree = tmp_path / "older"
    _git("worktree", "add", "--detach", str(tree), commit)
    yield tree
    _git("worktree", "remove", "--force", str(tree))


@pytest.mark.timeout(900)
async def test_an_older_version_goes_on_while_this_one_upgrades_and_ends_when_a_migration_says_so(
    older: Path, tmp_path: Path
) -> None:
    world = world_of(40, SECONDS, seed=7)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with own_server() as server:
        async with (
            running_simulator(world) as simulator,
            running_receiver(SECRET) as receiver,
            daemon_in(tmp_path / "a", {"PYTHONPATH": str(older)}) as old,
            daemon_in(tmp_path / "b") as new,
        ):
            for daemon in (old, new):
                daemon.write(
                    store={"url": server.url, "lease": f"{LEASE:.0f}s"},
                    sources={"prod": source(simulator, rate="40/s")},
                    notifiers={"backend": webhook(receiver.url)},
                )
            await old.start(120.0)
            await receiver.until(lambda one: len(one.events) >= 20, 60)
            with psycopg.connect(server.url, autocommit=True) as connection:
                [before] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("none",)
                assert before < HEAD, "that version has the schema of this one"
                await new.start(120.0)
                await until(lambda: alive_is(new, 2), 60)
                await until(lambda: "a newer version has upgraded the schema; this one goes on with it" in old.log, 60)
                assert f"before={before} now={HEAD}" in new.log
                await until(lambda: world.clock() > world.over_at(), SECONDS + 60)
                await until(lambda: audit(world.truths(), receiver.arrivals).ok, 120, glance=1.0)
                recorded = [log.count("event=transition") for log in (old.log, new.log)]
                assert min(recorded) > 0, recorded
                connection.execute(f"INSERT INTO floors VALUES ('{HEAD}')")
                assert await old.ended(60) == 1
            assert f"needs code of schema {HEAD} or newer, and this is of {before}" in old.log
            world.append_log(world.ids()[0], "AFTERWARDS")
            await receiver.until(lambda one: "AFTERWARDS" in [event.transition for event in one.events], 60)
            assert await new.stop() == 0
            assert "Traceback" not in old.log + new.log
            print(f"schema {before} beside {HEAD}: recorded by the older and by this one: {recorded}")  # noqa: T201
