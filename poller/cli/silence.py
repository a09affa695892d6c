"""`poller silence`: for a time, nobody is told of some events; through the daemon."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import Author, Label, given_author, given_duration, given_instant, given_labels
from poller.cli.noun import noun_of
from poller.cli.screen import PAGE, AsJson, Column, Listing, instant, print_json, say
from poller.cli.setting import ConfigFile, Setting, read_setting
from poller.core.timestamps import rfc3339
from poller.errors import UsageError

if TYPE_CHECKING:
    from poller.core.silence import Silence

COLUMNS: Final = (
    Column("ID", right=True),
    Column("WHICH"),
    Column("BY"),
    Column("UNTIL"),
    Column("COMMENT"),
)

noun = noun_of("Silences: of what nobody is told for a time.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="silence")


@noun.command(
    epilog=examples(
        'poller silence add --batch "spring-*" --for 2h --comment "material is replaced"',
        "poller silence add --on state:TRAIN_FAILED --source prod --until 2026-12-24T08:00:00Z --comment known",
        'poller silence add --job 8ab21f --for 1d --comment "tests"',
        'poller silence add --on "*" --for 30m --comment "the whole house is moved"',
    )
)
def add(
    *,
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Why; shown wherever it silences something.")],
    on: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Transitions as in a route; may be repeated.")
    ] = None,
    source: Annotated[list[str] | None, typer.Option(metavar="SOURCE", help="May be repeated.")] = None,
    batch: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Batch names; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Tags; may be repeated.")] = None,
    name: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Names of jobs; may be repeated.")] = None,
    label: Label = None,
    job: Annotated[list[str] | None, typer.Option(metavar="ID", help="Ids of jobs; may be repeated.")] = None,
    for_: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="How long: 30m, 2h, 7d.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Until when: 2026-12-24T08:00:00Z.")] = None,
    author: Author = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Silence events: they are recorded, and owed to nobody. All options that are given must match.

    What is silenced stays to be seen: its deliveries are discarded from the start, and say by whom.
    """
    if (for_ is None) == (until is None):
        raise UsageError("expected exactly one of --for and --until")
    which = {
        "on": on,
        "sources": source,
        "batch_names": batch,
        "tags": tag,
        "names": name,
        "labels": given_labels(label or ()),
        "job_ids": job,
    }
    body = {
        **{key: value for key, value in which.items() if value},
        "author": given_author(author),
        "comment": comment,
        **({"seconds": given_duration(for_, "--for")} if for_ is not None else {}),
        **({"until": rfc3339(given_instant(until, "--until"))} if until is not None else {}),
    }
    added = run(_post, read_setting(config), ("silences",), body)
    if as_json:
        print_json(added)
    else:
        say(f"silence {added['id']} until {added['ends_at']}")


@noun.command("list", epilog=examples("poller silence list", "poller silence list --all --json | jq -r .comment"))
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List the silences that last, newest first."""
    run(_list, read_setting(config), all_, as_json)


@noun.command(epilog=examples("poller silence expire 7", "poller silence expire 7 8"))
def expire(
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="Ids of silences.", min=1, show_default=False)],
    config: ConfigFile = None,
) -> None:
    """End silences now. What they silenced is not told afterwards; `poller deliveries retry ID` tells it."""
    count = run(_post, read_setting(config), ("silences", "expire"), {"ids": ids})["count"]
    say(f"{count:,} ended")


def which_of(silence: "Silence") -> str:
    """What it silences, in one line."""
    from poller.web.shown import SILENCING

    criteria: list[tuple[str, Any]] = [(name, getattr(silence.which, name)) for name in SILENCING]
    criteria.append(("job_ids", silence.job_ids))
    return " ".join(f"{name}={_worded(value)}" for name, value in criteria if value)


def _worded(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}:{item}" for key, item in value.items())
    return ",".join(value)


async def _post(setting: Setting, path: Sequence[str], body: object) -> Any:
    from poller.cli.control import control

    async with control(setting.socket) as daemon:
        return await daemon.post(*path, body=body)


async def _list(setting: Setting, everything: bool, as_json: bool) -> None:
    from poller.cli.reading import pages, reading
    from poller.web.shown import silence_shown

    now = time.time()
    listing: Listing[Silence] = Listing(
        COLUMNS, cells=_cells, document=silence_shown, as_json=as_json, none="no silences"
    )
    async with reading(setting) as archive:
        async for found in pages(lambda before: archive.silences(before=before, limit=PAGE), lambda one: one.id):
            listing.show([one for one in found if everything or one.ends_at > now])
    listing.end()


def _cells(silence: "Silence") -> Sequence[str]:
    return (str(silence.id), which_of(silence), silence.author, instant(silence.ends_at), silence.comment)
