"""`poller deliveries`: what is owed to whom."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from poller.cli import decisions
from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.naming import Since, given_since
from poller.cli.noun import noun_of
from poller.cli.screen import PAGE, AsJson, Column, Listing, instant, print_json, print_pairs
from poller.cli.setting import ConfigFile, Setting, read_setting

if TYPE_CHECKING:
    from poller.core.jsonvalue import Json
    from poller.core.listing import DeliveryDetail, DeliveryFilter, DeliveryRow

COLUMNS: Final = (
    Column("ID", right=True),
    Column("NOTIFIER"),
    Column("STATE"),
    Column("TRIED", right=True),
    Column("NEXT ATTEMPT"),
    Column("SUBJECT"),
    Column("TRANSITION"),
    Column("LAST ERROR"),
)
GONE: Final = "(not configured)"  # what it is owed waits until the notifier is back (INTERFACE.md section 2)

noun = noun_of("What is owed to notifiers: list, retry, give up.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="deliveries")


decisions.register(noun)


@noun.command(
    "list",
    epilog=examples(
        "poller deliveries list --state dead",
        "poller deliveries list --notifier backend --since 2h",
        "poller deliveries list --state pending --json | jq -r .last_error | sort | uniq -c",
    ),
)
def list_(
    state: decisions.State = None,
    notifier: decisions.Notifier = None,
    since: Since = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List deliveries, newest first: each is one event owed to one notifier."""
    from poller.core.listing import DeliveryFilter

    which = DeliveryFilter(state=decisions.given_state(state), notifier=notifier, since=given_since(since))
    run(_list, read_setting(config), which, as_json)


@noun.command(epilog=examples("poller deliveries show 4711", "poller deliveries show 4711 --json | jq .last_error"))
def show(
    number: Annotated[int, typer.Argument(metavar="ID", help="The delivery's id.", min=0)],
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show one delivery and the event that it owes."""
    from poller.core.message import cloud_event

    setting = read_setting(config)
    detail = run(_one, setting, number)
    if as_json:
        print_json({**_document(setting, detail.row), "event": cloud_event(detail.event)})
        return
    facts = {**_document(setting, detail.row), "summary": detail.event.data.get("summary")}
    print_pairs([(name.replace("_", " "), "-" if value is None else str(value)) for name, value in facts.items()])


async def _list(setting: Setting, which: "DeliveryFilter", as_json: bool) -> None:
    from poller.cli.reading import pages, reading

    listing: Listing[DeliveryRow] = Listing(
        COLUMNS,
        cells=lambda row: _cells(setting, row),
        document=partial(_document, setting),
        as_json=as_json,
        none="no deliveries of this kind",
    )
    async with reading(setting) as archive:
        async for rows in pages(
            lambda before: archive.deliveries(which, before=before, limit=PAGE), lambda row: row.id
        ):
            listing.show(rows)
    listing.end()


async def _one(setting: Setting, number: int) -> "DeliveryDetail":
    from poller.cli.reading import reading

    async with reading(setting) as archive:
        return await archive.delivery(number)


def _document(setting: Setting, row: "DeliveryRow") -> "dict[str, Json]":
    from poller.web.shown import shown

    return {**shown(row), "configured": _is_configured(setting, row)}


def _is_configured(setting: Setting, row: "DeliveryRow") -> bool:
    """Whether somebody is still to be told; what is not addressed yet goes to whoever the notifier tells."""
    known = row.recipient is None or row.recipient in setting.recipients.get(row.notifier, ())
    return known and row.notifier in setting.notifiers


def _cells(setting: Setting, row: "DeliveryRow") -> Sequence[str]:
    gone = None if _is_configured(setting, row) else GONE
    return (
        str(row.id),
        " ".join(part for part in (row.notifier, row.recipient, gone) if part),
        row.state,
        str(row.attempts),
        instant(row.next_attempt_at),
        row.subject,
        row.transition,
        row.last_error or "-",
    )
