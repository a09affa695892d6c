"""What is saved on the way to PostgreSQL: questions whether a connection stands, statements for each row, BEGIN and COMMIT."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import event as listening

from poller.store import liveness
from poller.store.store import Store, open_store
from tests.core.samples import NOON
from tests.store.conftest import Server
from tests.store.making import changed, claim, event, unchanged, watch

JOBS = 50


@pytest.fixture
async def shared(postgresql: Server) -> AsyncIterator[Store]:
    async with open_store(postgresql.emptied()) as opened:
        yield opened


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The first word of each that is sent meanwhile."""
    sent: list[str] = []
    assert store.database._writer is not None
    engine = store.database._writer.sync_engine

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement.split(maxsplit=1)[0])

    listening.listen(engine, "before_cursor_execute", executed)
    yield sent
    listening.remove(engine, "before_cursor_execute", executed)


def break_connections(server: Server) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


@pytest.mark.parametrize("trusted", [0.0, 60.0])
async def test_a_connection_that_the_server_has_closed_is_replaced_before_it_is_used(
    shared: Store, postgresql: Server, monkeypatch: pytest.MonkeyPatch, trusted: float
) -> None:
    monkeypatch.setattr(liveness, "TRUSTED", trusted)
    await watch(shared, "a")
    break_connections(postgresql)
    assert [due.job_id for due in await claim(shared)] == ["a"]
    assert shared.database.errors.total() == 0


async def test_many_polls_without_news_are_one_statement(shared: Store) -> None:
    await watch(shared, *(f"job{number:02}" for number in range(JOBS)))
    due = await claim(shared, limit=JOBS)
    with statements(shared) as sent:
        polls = [unchanged(one, due_at=NOON + number) for number, one in enumerate(due)]
        assert await shared.ledger.record(polls) == []
    assert sent == ["UPDATE"]
    again = await claim(shared, now=NOON + JOBS, limit=JOBS)
    assert [(one.job_id, one.due_at) for one in again] == [
        (one.job_id, NOON + number) for number, one in enumerate(due)
    ]


async def test_events_of_many_polls_keep_their_order(shared: Store) -> None:
    await watch(shared, *(f"job{number:02}" for number in range(JOBS)))
    due = sorted(await claim(shared, limit=JOBS), key=lambda one: one.job_id, reverse=True)
    await shared.ledger.record([changed(one, event(one.job_id, 1), event(one.job_id, 2)) for one in due])
    recorded = [row.event.id for row in await shared.archive.events(after=0)]
    assert recorded == [f"{one.job_id}-{number}" for one in due for number in (1, 2)]


async def test_a_claim_is_whole_without_a_transaction_around_it(shared: Store, postgresql: Server) -> None:
    await watch(shared, "a", "b")
    with statements(shared) as sent:
        assert len(await claim(shared)) == 2
    assert sent == ["WITH"]
    with psycopg.connect(postgresql.url) as connection:
        assert connection.execute("SELECT count(*) FROM jobs WHERE owner IS NOT NULL").fetchone() == (2,)
    assert await claim(shared) == []
