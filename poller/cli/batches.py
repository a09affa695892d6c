"""`poller batches`: how far the jobs of each batch are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.screen import AsJson, Column, Listing, instant
from poller.cli.setting import ConfigFile, Setting, read_setting

if TYPE_CHECKING:
    from poller.core.batch import Progress

COLUMNS: Final = (
    Column("SOURCE"),
    Column("BATCH"),
    Column("JOBS", right=True),
    Column("ENDED", right=True),
    Column("CLASSES"),
    Column("FIRST ADDED"),
    Column("LAST CHANGE"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller batches",
            "poller batches --source prod --open",
            "poller batches --json | jq -r 'select(.done) | .batch_name'",
        )
    )(batches)


def batches(
    *,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only batches of this source.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that have not ended.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List the batches of the watched jobs, the one that changed last first: how many jobs have ended, and in which class.

    `done` and `failed` have ended, and so has a job that the upstream does not know any more.
    """
    run(_list, read_setting(config), source, only_open, as_json)


async def _list(setting: Setting, source: str | None, only_open: bool, as_json: bool) -> None:
    from poller.cli.reading import reading
    from poller.web.batches import latest_first
    from poller.web.shown import batch_shown

    found: list[Progress] = []
    async with reading(setting) as archive:
        for name in setting.sources if source is None else [source]:
            found += await archive.batches(name)
    listing: Listing[Progress] = Listing(
        COLUMNS, cells=_cells, document=batch_shown, as_json=as_json, none="no watched job has a batch name"
    )
    listing.show([one for one in latest_first(found) if not (only_open and one.is_done)])
    listing.end()


def _cells(progress: "Progress") -> Sequence[str]:
    counts = [f"{count} {name}" for name, count in sorted(progress.classes.items())]
    missing = [f"{progress.missing} missing"] if progress.missing else []
    return (
        progress.source,
        progress.batch_name,
        str(progress.jobs),
        f"{progress.ended} ({progress.ended / progress.jobs:.0%})",
        ", ".join([*counts, *missing]),
        instant(progress.oldest_at),
        instant(progress.changed_at),
    )
