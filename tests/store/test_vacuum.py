"""What PostgreSQL has to clean up after claims and polls: little, and before the next claims have to step over it."""

from typing import Final

import psycopg
import pytest
from sqlalchemy import Table

from poller.store.agreeing import Identity
from poller.store.leases import signed
from poller.store.store import open_store
from poller.store.tables import deliveries, jobs
from tests.store.conftest import Server

SETTINGS: Final = {
    "jobs": {"fillfactor=80", "autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=5000"},
    "deliveries": {"fillfactor=80", "autovacuum_vacuum_scale_factor=0.01", "autovacuum_vacuum_threshold=5000"},
}


@pytest.mark.parametrize("table", [jobs, deliveries], ids=lambda table: table.name)
def test_a_claim_writes_nothing_that_an_index_holds_so_that_it_can_stay_on_its_page(table: Table) -> None:
    indexed = {column.name for index in table.indexes for column in index.columns}
    conditions = " ".join(str(index.dialect_options["postgresql"]["where"]) for index in table.indexes)
    written = set(signed(Identity()))
    assert written == {"claimed_until", "owner"}
    assert not written & indexed
    assert not any(name in conditions for name in written)


async def test_the_hot_tables_are_vacuumed_after_so_many_rows_whatever_their_size(postgresql: Server) -> None:
    async with open_store(postgresql.emptied()):
        pass
    with psycopg.connect(postgresql.url) as connection:
        for table, wanted in SETTINGS.items():
            options = connection.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [table]).fetchone()
            assert options is not None
            assert wanted <= set(options[0])
