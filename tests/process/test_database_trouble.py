"""The PostgreSQL under two running daemons is away, read-only, or slow: they pause, say so, and go on by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psycopg

from poller.simulator.audit import audit
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, until
from tests.process.fleet import LEASE, alive_is, fleet
from tests.process.obstacle import Obstacle, obstacle
from tests.process.settings import SECRET, source, webhook
from tests.store.conftest import Server

AWAY = "the database does not take part"
PAUSES = f"{AWAY}: pausing"
GOES_ON = "the database takes part again"


@contextmanager
def _away(line: Obstacle) -> Iterator[None]:
    line.closed = True
    line.drop()
    yield
    line.closed = False


@contextmanager
def _read_only(url: str) -> Iterator[None]:
    """As a fail-over or a full disk leaves it: a setting of the server, for all new connections."""
    name = urlsplit(url).path[1:]
    with psycopg.connect(url, autocommit=True) as connection:
        _set_read_only(connection, name, "on")
        yield
        connection.execute("SET default_transaction_read_only = off")
        _set_read_only(connection, name, "off")


def _set_read_only(connection: "psycopg.Connection[tuple[object, ...]]", name: str, value: str) -> None:
    connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name]
    )


async def _missing(daemon: Daemon) -> str:
    """What speaks against its being ready; "ok" when nothing does."""
    connector = aiohttp.UnixConnector(path=str(daemon.folder / "poller.sock"))
    async with aiohttp.ClientSession(connector=connector) as session, session.get("http://poller/readyz") as answer:
        return str((await answer.json())["reason"])


async def _pauses(daemons: list[Daemon], logged: list[int], said: str) -> bool:
    new = [daemon.log[start:] for daemon, start in zip(daemons, logged, strict=True)]
    said_so = all(PAUSES in log and said in log for log in new)
    return said_so and all([AWAY in await _missing(daemon) for daemon in daemons])


async def _ready(daemons: list[Daemon]) -> bool:
    return {await _missing(daemon) for daemon in daemons} == {"ok"}


async def test_daemons_pause_while_the_database_is_away_or_read_only_say_so_and_go_on_by_themselves(
    tmp_path: Path, postgresql: Server
) -> None:
    world, url = World(), postgresql.fresh()
    for number in range(6):
        world.put(f"job-{number}", {"state": "TRAINING"})
    async with running_simulator(world) as simulator, running_receiver(SECRET) as receiver, obstacle(url) as line:
        tables = {
            "store": {"url": line.url, "lease": f"{LEASE:.0f}s"},
            "sources": {"prod": source(simulator, rate="100/s")},
            "notifiers": {"backend": webhook(receiver.url)},
        }
        async with fleet(tmp_path, tables, "ab") as daemons:
            for daemon in daemons:
                await daemon.start()
            await until(lambda: alive_is(daemons[0], 2))

            async def is_told(log_type: str) -> None:
                await receiver.until(lambda one: log_type in [event.transition for event in one.events], 30)
                await until(lambda: _ready(daemons))
                assert all(GOES_ON in daemon.log for daemon in daemons)

            await until(lambda: _ready(daemons))
            logged = [len(daemon.log) for daemon in daemons]
            with _away(line):
                world.append_log("job-0", "WHILE_AWAY")
                await until(lambda: _pauses(daemons, logged, "check that the server runs"))
            await is_told("WHILE_AWAY")

            logged = [len(daemon.log) for daemon in daemons]
            with _read_only(url):
                world.append_log("job-0", "WHILE_READ_ONLY")
                await until(lambda: _pauses(daemons, logged, "read-only transaction"))
            await is_told("WHILE_READ_ONLY")

            line.delay = (
                0.02  # a beat is some ten trips, one daemon after the other, and has to be over well within the lease
            )
            world.append_log("job-0", "WHILE_SLOW")
            await is_told("WHILE_SLOW")
            line.delay = 0.0

            assert audit(world.truths(), receiver.arrivals).ok
            assert [await daemon.stop() for daemon in daemons] == [0, 0]
            assert "Traceback" not in "".join(daemon.log for daemon in daemons)
