"""`poller events`: what was told."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import Since, given_since
from poller.cli.screen import PAGE, AsJson, Column, Listing, instant
from poller.cli.setting import ConfigFile, Setting, read_setting

if TYPE_CHECKING:
    from poller.core.listing import EventFilter, EventRow
    from poller.store.archive import Archive

COLUMNS: Final = (
    Column("SEEN"),
    Column("SOURCE"),
    Column("SUBJECT"),
    Column("SEQ", right=True),
    Column("TRANSITION"),
    Column("SUMMARY"),
)
MOST: Final = 1_000_000  # of --limit
GLANCE: Final = 0.5  # seconds between two looks while following


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller events --since 2h",
            "poller events --limit 20",
            "poller events --job 8ab21f --json | jq -r .data.summary",
            "poller events --follow --transition SYSTEM_VERIFY_SUCCESS",
        )
    )(events)


def events(
    *,
    job: Annotated[str | None, typer.Option(metavar="ID", help="Only events of this job.")] = None,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only events of this source.")] = None,
    transition: Annotated[str | None, typer.Option(metavar="NAME", help="Only this transition.")] = None,
    since: Since = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", metavar="N", min=1, max=MOST, help="Only the newest N.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes; Ctrl-C ends it.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List events in the order in which they were recorded.

    With --follow, and neither --since nor --limit, only new ones.
    """
    from poller.core.listing import EventFilter

    which = EventFilter(source=source, job_id=job, transition=transition, since=given_since(since))
    run(_list, read_setting(config), which, limit, follow, as_json)


async def _list(setting: Setting, which: "EventFilter", limit: int | None, follow: bool, as_json: bool) -> None:
    from poller.cli.reading import pages, reading
    from poller.web.shown import event_shown

    listing: Listing[EventRow] = Listing(
        COLUMNS, cells=_cells, document=event_shown, as_json=as_json, none="no events of this kind"
    )
    async with reading(setting) as archive:
        after = await _start(archive, which, limit, follow)
        while True:
            async for rows in pages(partial(_following, archive, which), lambda row: row.position, start=after):
                listing.show(rows)
                after = rows[-1].position if rows else after
            if not follow:
                break
            await anyio.sleep(GLANCE)
    listing.end()


async def _following(archive: "Archive", which: "EventFilter", after: int | None) -> "Sequence[EventRow]":
    return await archive.events(which, after=after or 0, limit=PAGE)


async def _start(archive: "Archive", which: "EventFilter", limit: int | None, follow: bool) -> int:
    """The position behind which the list begins."""
    if limit is None:
        return await archive.last_position() if follow and which.since is None else 0
    before: int | None = None
    while limit:
        rows = await archive.events(which, before=before, limit=min(limit, PAGE))
        if not rows:
            break
        limit, before = limit - len(rows), rows[-1].position
    return await archive.last_position() if before is None else before - 1


def _cells(row: "EventRow") -> Sequence[str]:
    event = row.event
    return (
        instant(event.observed_at),
        event.source or "-",
        event.subject,
        "-" if event.sequence is None else str(event.sequence),
        event.transition,
        str(event.data.get("summary") or ""),
    )
