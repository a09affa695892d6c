"""Which schema a database has, and bringing it to this version's. Alembic is loaded only when there is something to do."""

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from poller.errors import StoreError
from poller.store.database import Database
from poller.store.engines import IDLE
from poller.store.safeguard import safeguard
from poller.store.tables import floors, metadata

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0006"  # the newest revision below `migrations/`
MIGRATION_LOCK: Final = (
    7_021_300_001  # of PostgreSQL's advisory locks: daemons that start together upgrade one after the other
)

UPGRADE_LIMIT: Final = 24 * 3600.0  # seconds; the tables of years are rewritten in one transaction

_REVISION: Final = text("SELECT version_num FROM alembic_version")
_FLOOR: Final = select(func.max(floors.c.revision))


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaStatus:
    """`revision` is the database's, None for an empty one; `head` is this version's. `copy` was made before an upgrade."""

    revision: str | None
    head: str
    copy: Path | None = None

    @property
    def is_current(self) -> bool:
        """Whether this version of poller can work with the database as it is."""
        return self.revision == self.head


async def schema_status(database: Database) -> SchemaStatus:
    """Look, and change nothing. Raises StoreError and its kind when the database cannot be read."""
    async with database.reading() as view:
        return SchemaStatus(revision=await view.run_sync(_revision), head=HEAD)


async def require_current(database: Database) -> None:
    """Raises StoreError, with the remedy, unless the schema is this version's."""
    status = await schema_status(database)
    if status.revision is None:
        raise StoreError(
            f"{database.place.shown}: no tables of poller in it; run `poller db upgrade` or start the daemon"
        )
    if not status.is_current:
        async with database.reading() as view:
            await view.run_sync(_refuse_unknown, database.place.shown)
        raise StoreError(
            f"{database.place.shown}: schema {status.revision}, and this version of poller needs {HEAD}; run `poller db upgrade`"
        )


async def misfit(view: AsyncConnection, place: str, *, shared: bool) -> str | None:
    """Why this version cannot go on with the schema as it is now; None when it can. Two queries at most.

    A newer schema of a `shared` database is in order as long as its floor says so: its hosts are upgraded one after the other.
    """
    revision: str | None = (await view.execute(_REVISION)).scalar()
    if revision == HEAD:
        return None
    if revision is None or revision < HEAD:
        return f"{place}: schema {revision or 'none'}, and this version of poller needs {HEAD}; restart poller, which upgrades it"
    floor = (await view.execute(_FLOOR)).scalar()
    if shared and (floor is None or floor <= HEAD):
        return None
    return f"{place}: schema {revision} was made by a newer version of poller, and this one needs {HEAD}; install that version and restart"


async def upgrade(database: Database, *, now: float, copy_first: bool = True) -> SchemaStatus:
    """Bring the schema to `HEAD` in one transaction; returns what it was before. A SQLite database with rows in it is copied first.

    Raises StoreError for a schema that a newer version of poller made, StoreFull when there is no room for the copy.
    """
    found = await schema_status(database)
    if copy_first and database.place.file is not None and not found.is_current and found.revision is not None:
        async with database.reading() as view:
            await view.run_sync(_refuse_unknown, database.place.shown)
        found = replace(found, copy=await safeguard(database, database.place.file, found.revision, now=now))
    async with database.writing(UPGRADE_LIMIT) as transaction:
        if not database.is_sqlite:
            await transaction.execute(text("SET LOCAL statement_timeout = 0"))
            await transaction.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE:.0f}s'"))
            await transaction.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        before = await transaction.run_sync(_revision)
        if before != HEAD:
            await transaction.run_sync(_migrate, database.place.shown)
        return replace(found, revision=before)


def scripts() -> Path:
    """The folder of migrations: inside the installed package, or at the top of the source tree."""
    package = Path(str(files("poller")))
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def alembic_config(connection: Connection) -> "Config":
    """Alembic, set up to work on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["target_metadata"] = metadata
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _migrate(connection: Connection, place: str) -> None:
    from alembic import command

    _refuse_unknown(connection, place)
    command.upgrade(alembic_config(connection), "head")


def _refuse_unknown(connection: Connection, place: str) -> None:
    from alembic.script import ScriptDirectory

    revision = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config(connection)).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"{place}: schema {revision} was made by a newer version of poller; install that version, or restore an older backup"
        )
