"""INTERFACE.md section 8 on real processes: stopping, reloading, and refusing to start."""

import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from poller.daemon import generation
from poller.simulator.receiver import running_receiver
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, source, webhook

GRACE = 10.0  # seconds that a stop may take (INTERFACE.md section 8)
NOISE = 8.0  # seconds that a busy machine may add to it
JOBS = ("first", "second", "third")


def _world(*job_ids: str) -> World:
    world = World()
    for job_id in job_ids or JOBS:
        world.put(job_id, {"state": "TRAINING"})
    return world


async def _states(daemon: Daemon, notifier: str) -> set[str]:
    async with daemon.control() as client:
        return {row["state"] for row in (await client.get("deliveries", notifier=notifier, limit=1000))["items"]}


# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_finishes_what_is_in_hand_and_exits_with_0(tmp_path: Path, number: int) -> None:
    async with (
        running_simulator(_world()) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("slow", amount=1.5, times=3)
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await until(lambda: receiver.tally.faults["slow"] == 3)
        daemon.signal(number)
        assert await daemon.ended(GRACE + NOISE) == 0
        with sqlite3.connect(daemon.database) as connection:
            settled = connection.execute("SELECT count(*) FROM deliveries WHERE state = 'delivered'").fetchone()
        assert settled == (len(receiver.events),) == (3,)
        assert "stopped" in daemon.log.splitlines()[-1]


async def test_a_stop_is_bounded_though_upstream_and_receiver_hang(tmp_path: Path) -> None:
    async with (
        running_simulator(_world()) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("hang", amount=120, times=100)
        simulator.force("hang", amount=120, job_id="third", times=100)
        prod = source(simulator, timeout="2m")
        daemon.write(sources={"prod": prod}, notifiers={"backend": webhook(receiver.url, timeout="2m")})
        await daemon.start()
        await until(lambda: bool(receiver.tally.faults["hang"] and simulator.counters.faults["hang"]))
        asked_at = time.monotonic()
        assert await daemon.stop(GRACE + NOISE) == 0
        assert time.monotonic() - asked_at < GRACE + NOISE
        assert "Traceback" not in daemon.log


async def test_a_second_signal_ends_it_at_once_and_the_next_life_delivers(tmp_path: Path) -> None:
    async with (
        running_simulator(_world("only")) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("hang", amount=120)
        backend = webhook(receiver.url, timeout="2m")
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": backend})
        await daemon.start()
        await until(lambda: bool(receiver.tally.faults["hang"]))
        daemon.signal(signal.SIGTERM)
        await until(lambda: "stopping" in daemon.log)
        assert daemon.process.poll() is None
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended(5.0) == -signal.SIGTERM
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 1, within=30)


# Reloading


async def test_a_good_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """A new notifier is told, what is owed to a removed one waits until it is back, a job taken out keeps its history."""
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as old,
        running_receiver(SECRET) as new,
        daemon_in(tmp_path) as daemon,
    ):
        old.force("500", times=1000)
        leaving = webhook(old.url, retry=["1h"])
        daemon.write(sources={"prod": source(simulator)}, notifiers={"old": leaving})
        await daemon.start()
        await old.until(lambda one: one.tally.faults["500"] == 3, within=30)

        daemon.write(sources={"prod": source(simulator, jobs=["first", "second"])}, notifiers={"new": webhook(new.url)})
        await _reload(daemon)
        world.put("first", {"state": "TRAIN_SUCCESS"})
        world.put("third", {"state": "TRAIN_SUCCESS"})
        await new.until(lambda one: [event.transition for event in one.events] == ["TRAIN_SUCCESS"], within=30)
        await _polls(simulator, "second", more=3)
        assert simulator.calls[-1].job_id != "third"
        assert await _states(daemon, "old") == {"pending"}
        assert len(old.arrivals) == 3
        async with daemon.control() as client:
            kept = await client.get("jobs", "prod", "third")
            assert kept["state"] == "TRAINING"
            assert len((await client.get("events", job_id="third"))["items"]) == 1

        old._forced.clear()
        daemon.write(sources={"prod": source(simulator)}, notifiers={"old": leaving, "new": webhook(new.url)})
        await _reload(daemon)
        async with daemon.control() as client:
            await client.post("deliveries", "retry", body={"notifier": "old", "state": "pending"})
        await old.until(lambda one: len(one.events) >= 4, within=30)
        await new.until(lambda one: {event.subject for event in one.events} == {"first", "third"}, within=30)
        assert await daemon.stop() == 0


async def test_a_bad_file_changes_nothing_and_is_in_the_log_with_its_key_path(tmp_path: Path) -> None:
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        prod, backend = source(simulator), webhook(receiver.url)
        daemon.write(sources={"prod": prod}, notifiers={"backend": backend})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 3, within=30)

        daemon.write(sources={"prod": {**prod, "rate": "lots", "jobs": ["other"]}}, notifiers={"backend": backend})
        daemon.signal(signal.SIGHUP)
        await until(lambda: "the configuration stays as it was" in daemon.log)
        assert "sources.prod.rate" in daemon.log
        daemon.config.write_text("this is no TOML")
        daemon.signal(signal.SIGHUP)
        await until(lambda: daemon.log.count("the configuration stays as it was") == 2)
        daemon.config.unlink()
        daemon.signal(signal.SIGHUP)
        await until(lambda: daemon.log.count("the configuration stays as it was") == 3)
        daemon.write(store={"url": "sqlite:///other.db"}, sources={"prod": prod}, notifiers={"backend": backend})
        daemon.signal(signal.SIGHUP)
        await until(lambda: daemon.log.count("the configuration stays as it was") == 4)
        assert "store.url" in daemon.log
        assert not (tmp_path / "other.db").exists()

        world.put("first", {"state": "TRAIN_SUCCESS"})
        await receiver.until(lambda one: one.events[-1].transition == "TRAIN_SUCCESS", within=30)
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log


async def test_a_reload_under_a_hanging_receiver_delivers_soon_after_it(tmp_path: Path) -> None:
    """What was in hand when the grace ran out is not held back by the lease of those who had it."""
    async with (
        running_simulator(_world()) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("hang", amount=300, times=3)
        tables = {"sources": {"prod": source(simulator)}, "notifiers": {"backend": webhook(receiver.url, timeout="5m")}}
        daemon.write(**tables)
        await daemon.start()
        await until(lambda: receiver.tally.faults["hang"] == 3)
        await _reload(daemon)
        await receiver.until(lambda one: len(one.events) == 3, within=20)
        assert await daemon.stop() == 0
        with sqlite3.connect(daemon.database) as connection:
            settled = connection.execute("SELECT state, attempts FROM deliveries").fetchall()
        assert settled == [("delivered", 1)] * 3, "what was cut short counts as no attempt"


async def test_a_new_file_does_not_wait_for_a_receiver_and_an_upstream_that_hang(tmp_path: Path) -> None:
    async with (
        running_simulator(_world()) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("hang", amount=120, times=2)
        simulator.force("hang", amount=120, job_id="third")
        slow = {
            "sources": {"prod": source(simulator, timeout="2m")},
            "notifiers": {"backend": webhook(receiver.url, timeout="2m")},
        }
        daemon.write(**slow)
        await daemon.start()
        await until(lambda: receiver.tally.faults["hang"] == 2 and bool(simulator.counters.faults["hang"]))
        asked_at = time.monotonic()
        await _reload(daemon)
        assert time.monotonic() - asked_at < generation.GRACE  # what a stop may take
        await receiver.until(lambda one: {event.subject for event in one.events} == set(JOBS), within=30)
        assert await daemon.stop() == 0


async def _reload(daemon: Daemon) -> None:
    before = daemon.log.count("configuration reloaded")
    daemon.signal(signal.SIGHUP)
    await until(lambda: daemon.log.count("configuration reloaded") == before + 1)


async def _polls(simulator: Simulator, job_id: str, *, more: int) -> None:
    calls = list(simulator.calls)
    await until(lambda: sum(call.job_id == job_id for call in simulator.calls if call not in calls) >= more)


# Refusing to start


async def _refused(daemon: Daemon, *words: str) -> tuple[int, list[str]]:
    """How a daemon that does not start ends: its exit code, and which of these words its log lacks; one line, never a traceback."""
    code = await daemon.run()
    assert "Traceback" not in daemon.log
    assert code == 2 or len(daemon.log.splitlines()) == 1
    return code, [word for word in words if word not in daemon.log]


def _idle(daemon: Daemon, **tables: object) -> None:
    daemon.write(notifiers={"backend": webhook("http://127.0.0.1:9/hook")}, **tables)


async def test_every_mistake_in_the_file_is_said_with_exit_code_2(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        daemon.write(
            sources={"prod": {"kind": "metastudio-avatar", "project_id": "p", "rate": "fast"}},
            notifiers={"backend": webhook("gopher://example.com", timeout="soon"), "pager": {"kind": "pager"}},
        )
        places = ("sources.prod.rate", "sources.prod.auth", "notifiers.backend.url", "notifiers.backend.timeout")
        assert await _refused(daemon, *places, "notifiers.pager") == (2, [])


async def test_a_missing_file_is_exit_code_2(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        assert await _refused(daemon, str(daemon.config)) == (2, [])


async def test_a_database_that_another_daemon_holds_is_refused_and_it_goes_on(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as first, daemon_in(_folder(tmp_path, "second")) as second:
        _idle(first)
        await first.start()
        _idle(second, store={"url": f"sqlite:///{first.database}"})
        second.environ["RUNTIME_DIRECTORY"] = str(second.folder)
        assert await _refused(second, "another poller daemon", str(first.process.pid), "stop it") == (1, [])
        assert await first.stop() == 0


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        _idle(daemon, store={"url": "sqlite:////proc/poller.db"})  # root may write everywhere else
        assert await _refused(daemon, "/proc/poller.db", "writable") == (1, [])


async def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        _idle(daemon, store={"url": "sqlite:///gone/poller.db"})
        assert await _refused(daemon, "gone/poller.db", "must exist") == (1, [])


@pytest.mark.parametrize("content", [b"this is no database" * 500, b"SQLite format 3\0" + b"\xff" * 8000])
async def test_a_corrupt_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    async with daemon_in(tmp_path) as daemon:
        daemon.database.write_bytes(content)
        _idle(daemon)
        assert await _refused(daemon, str(daemon.database), "damaged", "backup") == (1, [])
        assert daemon.database.read_bytes() == content


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        with sqlite3.connect(daemon.database) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.close()
        _idle(daemon)
        assert await _refused(daemon, str(daemon.database), "9999", "newer") == (1, [])


async def test_a_control_socket_that_is_in_use_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        async with daemon_in(tmp_path) as daemon:
            daemon.environ["RUNTIME_DIRECTORY"] = str(_folder(tmp_path, "run"))
            listening.bind(str(tmp_path / "run" / "poller.sock"))
            listening.listen()
            _idle(daemon)
            assert await _refused(daemon, "poller.sock", "another poller") == (1, [])


async def test_a_file_in_the_place_of_the_control_socket_is_refused_and_left_there(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        (tmp_path / "poller.sock").write_text("mine")
        _idle(daemon)
        assert await _refused(daemon, "poller.sock", "move it") == (1, [])
        assert (tmp_path / "poller.sock").read_text() == "mine"


async def test_a_database_server_that_is_away_is_refused_in_one_line(tmp_path: Path) -> None:
    async with daemon_in(tmp_path) as daemon:
        _idle(daemon, store={"url": "postgresql://someone:hunter2hunter2@127.0.0.1:1/poller"})
        assert await _refused(daemon, "check that the server runs") == (1, [])
        assert "hunter2" not in daemon.log
        assert "someone" not in daemon.log


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
