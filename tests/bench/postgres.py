"""A PostgreSQL of the bench's own, set up as one that is there for a million jobs, and what it says of itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from tests.bench.telling import say
from tests.process.postgres import own_server

# As docs/growing.md advises for a million jobs: the hot tables stay in the memory, and a page is not written whole into the
# journal again and again.
ROOMY: Final = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "on",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """`url` is that of its first database."""

    url: str

    def database(self, name: str) -> str:
        """The URL of a new one."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")


@contextmanager
def postgresql(settings: Mapping[str, str] = ROOMY) -> Iterator[Server]:
    """Everything else is as a new server has it."""
    say("starting PostgreSQL")
    with own_server() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for name, value in settings.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        server.restart()
        yield Server(url=server.url)


def rows(url: str, statement: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What the server answers; nothing of it is kept (EXPLAIN ANALYZE executes)."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        found = connection.execute(statement, parameters).fetchall()
        connection.rollback()
    return found


def run(url: str, *statements: str) -> None:
    """Statements that take as long as they take, each by itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
