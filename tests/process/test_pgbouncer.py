"""Daemons behind a real PgBouncer in transaction mode, as `store.listen = false` promises; skipped where its program is not installed."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from poller.simulator.audit import audit
from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import until
from tests.process.fleet import LEASE, alive_is, fleet
from tests.process.settings import SECRET, source, webhook
from tests.store.conftest import Server

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONNECTIONS = 3  # to the server, for two daemons that have a pool of five each: no session can be anybody's own
USER = "pgserver"  # that the server of the tests runs as under root; PgBouncer does not want to be root either

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed")


@contextmanager
def bouncer(server: Server) -> Iterator[str]:
    """In front of a fresh database; gives the URL to use."""
    target = urlsplit(server.fresh())
    socket = parse_qs(target.query)["host"][0]
    with tempfile.TemporaryDirectory(prefix="poller-pgb-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={socket} user=postgres\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder}\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nlogfile = {folder}/log\n"
        )
        command = [str(PROGRAM), *(["-u", USER] if os.geteuid() == 0 else []), str(folder / "pgbouncer.ini")]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield f"postgresql://postgres@{target.path}?host={folder}&port=6432"
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait()


async def test_two_daemons_share_the_work_behind_pgbouncer_and_the_work_of_a_killed_one_passes_on(
    tmp_path: Path, postgresql: Server
) -> None:
    world = World(jobs=40)
    async with running_simulator(world) as simulator, running_receiver(SECRET) as receiver:
        with bouncer(postgresql) as url:
            tables = {
                "store": {"url": url, "listen": False, "lease": f"{LEASE:.0f}s"},
                "sources": {"prod": source(simulator, rate="100/s")},
                "notifiers": {"backend": webhook(receiver.url)},
            }
            async with fleet(tmp_path, tables, "ab") as (one, other):
                await one.start()
                await other.start()
                await until(lambda: alive_is(other, 2))
                await until(lambda: audit(world.truths(), receiver.arrivals).ok, glance=0.2)
                one.kill()
                world.put("late", {"state": "TRAINING"})
                for job_id in world.ids():
                    world.append_log(job_id, "ANNOTATION")
                async with other.control() as client:
                    await client.post("jobs", body={"source": "prod", "job_id": "late"})
                await until(lambda: audit(world.truths(), receiver.arrivals).ok, 10 * LEASE, glance=0.2)
                assert await other.stop() == 0
                for said in ("Traceback", "does not take part", "cannot be heard", "no turns"):
                    assert said not in one.log + other.log
