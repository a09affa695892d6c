"""Takes a database back to the schema of the first version: age.py FILE. What later versions added is lost, the rest stays."""

import sys
from functools import partial
from pathlib import Path

import anyio
from alembic import command

from poller.store.database import open_database
from poller.store.place import to_place
from poller.store.schema import alembic_config

FIRST = "0001"


async def age(file: Path) -> None:
    """One transaction."""
    async with open_database(to_place(file), exclusive=True) as database, database.writing() as transaction:
        await transaction.run_sync(lambda connection: command.downgrade(alembic_config(connection), FIRST))


if __name__ == "__main__":
    anyio.run(partial(age, Path(sys.argv[1])))
