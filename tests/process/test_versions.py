"""A newer version has upgraded the schema under a running daemon: it goes on while the migration allows it, else it ends and says why."""

from pathlib import Path

import psycopg

from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in, until
from tests.process.fleet import LEASE
from tests.process.settings import SECRET, source, webhook
from tests.store.conftest import Server

EXPAND = (
    "BEGIN; ALTER TABLE jobs ADD COLUMN newer TEXT; CREATE TABLE newer (id BIGINT PRIMARY KEY); "
    "UPDATE alembic_version SET version_num = '0900'; COMMIT"
)
CONTRACT = "INSERT INTO floors VALUES ('0900')"


async def test_a_daemon_goes_on_with_a_newer_schema_that_suits_it_and_ends_with_one_that_does_not(
    tmp_path: Path, postgresql: Server
) -> None:
    world, url = World(), postgresql.fresh()
    world.put("job", {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(
            store={"url": url, "lease": f"{LEASE:.0f}s"},
            sources={"prod": source(simulator)},
            notifiers={"backend": webhook(receiver.url)},
        )
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 1, 30)
        with psycopg.connect(url, autocommit=True) as newer_version:
            newer_version.execute(EXPAND)
            await until(lambda: "a newer version has upgraded the schema; this one goes on with it" in daemon.log)
            world.append_log("job", "WITH_THE_NEWER_SCHEMA")
            await receiver.until(lambda one: len(one.events) == 2, 30)
            newer_version.execute(CONTRACT)
            assert await daemon.ended() == 1
            assert (
                "has brought the database to schema 0900, which needs code of schema 0900 or newer"
                in (daemon.log.splitlines()[-1])
            )
        assert await daemon.run() == 1
        assert "schema 0900 was made by a newer version of poller; install that version" in daemon.log
        assert "Traceback" not in daemon.log
