"""`poller daemons`: who works on the database."""

from typing import TYPE_CHECKING, Any, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.screen import AsJson, Column, Listing, instant
from poller.cli.setting import ConfigFile, Setting, read_setting
from poller.core.timestamps import parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS: Final = (
    Column("DAEMON"),
    Column("HOST"),
    Column("PID", right=True),
    Column("VERSION"),
    Column("STARTED"),
    Column("HEARD OF"),
    Column("STATE"),
    Column("JOBS", right=True),
    Column("DELIVERIES", right=True),
    Column("DOES FOR ALL"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=examples("poller daemons", "poller daemons --json | jq -r 'select(.alive) | .host'"))(daemons)


def daemons(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List the daemons that share the database, those that were lost within the last hour as well, with what they hold.

    JOBS and DELIVERIES are what a daemon had in hand when it was last heard of; DOES FOR ALL are the chores that one does for all.
    """
    rows = run(_found, read_setting(config))
    listing = Listing[dict[str, Any]](
        COLUMNS, cells=_cells, document=lambda row: row, as_json=as_json, none="no daemon runs"
    )
    listing.show(rows)
    listing.end()


async def _found(setting: Setting) -> "Sequence[dict[str, Any]]":
    """From the database where several share it; else the one daemon is asked itself, if it runs."""
    from poller.cli.control import control
    from poller.cli.reading import reading
    from poller.errors import DaemonNotRunning
    from poller.web.shown import shown

    if setting.database.file is None:
        async with reading(setting) as archive:
            return [shown(row) for row in await archive.daemons()]
    try:
        async with control(setting.socket) as daemon:
            return list((await daemon.get("daemons"))["items"])
    except DaemonNotRunning:
        return []


def _cells(row: dict[str, Any]) -> list[str]:
    started, beat = (instant(parse_rfc3339(row[name])) for name in ("started_at", "beat_at"))
    return [
        row["id"],
        row["host"],
        str(row["pid"]),
        row["version"],
        started,
        beat,
        "alive" if row["alive"] else "lost",
        str(row["jobs"]),
        str(row["deliveries"]),
        ", ".join(row["chores"]) or "-",
    ]
