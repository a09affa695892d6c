"""`poller db`: the database as a whole."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.noun import noun_of
from poller.cli.screen import AsJson, instant, note, print_json, print_pairs, say
from poller.cli.setting import ConfigFile, Setting, config_file, read_setting
from poller.core.timestamps import rfc3339

if TYPE_CHECKING:
    from poller.config import Retain
    from poller.store.schema import SchemaStatus

PRUNED_AT_ONCE: Final = 1000  # rows of each kind in one transaction

noun = noun_of("The database: schema, backup, old rows.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="db")


@noun.command(
    epilog=examples("poller db upgrade", "systemctl stop poller && poller db upgrade && systemctl start poller")
)
def upgrade(
    no_backup: Annotated[
        bool,
        typer.Option("--no-backup", help="Make no copy of a SQLite database first, where there is no room for one."),
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Bring the schema to this version; makes the database if there is none. The daemon does the same when it starts.

    A SQLite database is copied first, into a file beside it. Needs no configuration: without one it is `poller.db` in the working
    directory.
    """
    before = run(_upgrade, read_setting(config, or_defaults=True), not no_backup)
    if before.copy is not None:
        say(f"copied to {before.copy}")
    say(
        f"schema {before.head}: nothing to do"
        if before.is_current
        else f"schema {before.revision or 'none'} -> {before.head}"
    )


@noun.command(epilog=examples("poller db status", "poller db status --json | jq .rows.events"))
def status(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Show the schema's version, sizes, and what is owed; works with the daemon running or not."""
    found = run(_status, read_setting(config, or_defaults=True))
    oldest = found.pop("oldest_pending_at", None)
    if as_json:
        print_json({**found, "oldest_pending_at": None if oldest is None else rfc3339(oldest)})
        return
    facts = [(name.replace("_", " "), _worded(value)) for name, value in found.items()]
    print_pairs([*facts, ("oldest pending", instant(oldest))])


@noun.command(epilog=examples("poller db backup /var/backups/poller.db", "poller db backup poller-$(date +%F).db"))
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; it must not exist yet.", show_default=False)],
    config: ConfigFile = None,
) -> None:
    """Copy a SQLite database to a new file, with the daemon running or not."""
    from poller.store.store import back_up

    run(back_up, read_setting(config).database.url, file)
    say(f"{file}: {file.stat().st_size:,} bytes")


@noun.command(epilog=examples("poller db prune"))
def prune(config: ConfigFile = None) -> None:
    """Delete what is older than store.retain says; the daemon does the same now and then while it runs.

    A running daemon is asked to do it, and goes by the configuration that it has.
    """
    import os

    from poller.config import outline

    retain = outline(config_file(config), environ=os.environ).store.retain
    say(f"{run(_prune, read_setting(config), retain):,} rows deleted")


@noun.command(
    epilog=examples(
        "systemctl stop poller && poller db copy --from sqlite:///poller.db --to postgresql://poller@db/poller"
    )
)
def copy(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="sqlite:///FILE", show_default=False)],
    target: Annotated[
        str, typer.Option("--to", metavar="URL", help="postgresql://USER@HOST/DATABASE, empty.", show_default=False)
    ],
) -> None:
    """Copy a SQLite database to an empty PostgreSQL one: every row with its id, all or nothing, counted on both sides.

    The daemon must be stopped; then set store.url to the new database and start it again. A password is best left to ~/.pgpass.
    """
    from poller.store.copying import copy as copy_rows
    from poller.store.place import to_place

    rows = run(copy_rows, to_place(source), to_place(target), _copied)
    say(f"{sum(rows.values()):,} rows copied and counted; set store.url to the new database")


def _copied(table: str, done: int, total: int) -> None:
    note(f"{table}: {done:,} of {total:,}")


async def _upgrade(setting: Setting, copy_first: bool) -> "SchemaStatus":
    from poller.store.database import open_database
    from poller.store.place import to_place
    from poller.store.schema import upgrade as upgrade_schema

    async with open_database(to_place(setting.database.url), exclusive=True) as database:
        return await upgrade_schema(database, now=time.time(), copy_first=copy_first)


async def _prune(setting: Setting, retain: "Retain") -> int:
    from poller.errors import DaemonNotRunning

    try:
        return await _prune_by_daemon(setting)
    except DaemonNotRunning:
        return await _prune_here(setting, retain)


async def _prune_by_daemon(setting: Setting) -> int:
    from poller.cli.control import control

    removed = 0
    async with control(setting.socket) as daemon:
        while gone := (await daemon.post("prune"))["count"]:
            removed += gone
    return removed


async def _prune_here(setting: Setting, retain: "Retain") -> int:
    from poller.store.store import open_store, read_schema

    await read_schema(setting.database.url)  # raises when there is no database: none is to be made here
    removed = 0
    async with open_store(setting.database.url) as store:
        while gone := await store.retention.prune(now=time.time(), limit=PRUNED_AT_ONCE, **retain.seconds):
            removed += gone
        await store.retention.idle()
    return removed


async def _status(setting: Setting) -> dict[str, Any]:
    from poller.cli.reading import reading
    from poller.store.store import read_schema

    schema = await read_schema(setting.database.url)
    found: dict[str, Any] = {
        "database": str(setting.database.file or "PostgreSQL"),
        "schema": schema.revision,
        "wanted": schema.head,
        "daemon": await _daemon(setting),
    }
    if not schema.is_current:
        return found
    async with reading(setting) as archive:
        size, owed = await archive.size(), await archive.count_deliveries()
    oldest = min((each.oldest for each in owed if each.oldest is not None), default=None)
    return found | {
        "bytes": size.bytes,
        "journal_bytes": size.journal_bytes,
        "rows": dict(size.rows),
        "pending": sum(each.pending for each in owed),
        "dead": sum(each.dead for each in owed),
        "oldest_pending_at": oldest,
    }


async def _daemon(setting: Setting) -> str:
    from poller.cli.control import control
    from poller.errors import PollerError

    try:
        async with control(setting.socket) as daemon:
            await daemon.get("status")
    except PollerError:
        return "not running"
    return "running"


def _worded(value: Any) -> str:
    match value:
        case None:
            return "-"
        case dict():
            return ", ".join(f"{name} {count:,}" for name, count in value.items())
        case int():
            return f"{value:,}"
    return str(value)
