"""`poller check`: is the configuration right, and with --online, do credentials and notifiers work."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from poller.cli.examples import examples
from poller.cli.interruptible import run
from poller.cli.screen import Column, Listing, note, print_pairs
from poller.cli.setting import ConfigFile, config_file

if TYPE_CHECKING:
    from poller.config import Config, SourceConfig

COLUMNS: Final = (Column("CHECK"), Column("RESULT"), Column("DETAIL"))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller check", "poller check --config new.toml --online", "poller check && systemctl reload poller"
        )
    )(check)


def check(
    online: Annotated[
        bool, typer.Option("--online", help="Also prove credentials, and that notifiers can be reached.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Validate the configuration; every mistake is reported at once, with exit code 2."""
    from poller.config import load_and_inspect

    file = config_file(config)
    loaded, exposed = load_and_inspect(file, environ=os.environ)
    print_pairs(_summary(file, loaded))
    for said in exposed:
        note(said)
    if online and not run(_online, loaded):
        raise typer.Exit(1)


def _summary(file: Path, config: "Config") -> list[tuple[str, str]]:
    from poller.config import database_location

    database = database_location(config.store, os.environ, Path.cwd())
    keeps = [f"{name} {age}" for name, age in config.store.retain.model_dump(mode="json").items()]
    return [
        ("configuration", f"{file}: ok"),
        ("database", str(database.file or config.store.url.shown)),
        ("retention", ", ".join(keeps)),
        *((f"source {name}", _source(source)) for name, source in config.sources.items()),
        *((f"notifier {name}", f"{notifier.kind}, {notifier.address}") for name, notifier in config.notifiers.items()),
        *_routes(config),
        *(("remark", remark) for remark in _remarks(config)),
    ]


def _source(source: "SourceConfig") -> str:
    from poller.config import write_rate

    return f"{source.address}, {source.proof}, {write_rate(source.rate)}, {len(source.jobs)} jobs in the file"


def _routes(config: "Config") -> list[tuple[str, str]]:
    if not config.routes:
        return [("routes", "none: every event goes to every notifier")]
    return [
        (f"routes[{place}]", f"{', '.join(route.on) or 'everything'} -> {', '.join(route.notify)}")
        for place, route in enumerate(config.routes)
    ]


def _remarks(config: "Config") -> list[str]:
    """What is allowed, and yet perhaps not meant."""
    named = {name for route in config.routes for name in (*route.notify, *route.escalate_to)}
    named |= {notifier.fallback for notifier in config.notifiers.values() if notifier.fallback}
    unreached = [name for name in config.notifiers if config.routes and name not in named]
    return [
        *(["no source: nothing is polled"] if not config.sources else []),
        *(["no notifier: nobody is told"] if not config.notifiers else []),
        *(f"no route names the notifier {name}: it is told nothing" for name in unreached),
        *(f"notifier {name}: {remark}" for name, notifier in config.notifiers.items() for remark in notifier.remarks),
    ]


async def _online(config: "Config") -> bool:
    """Whether every check passed."""
    from poller.daemon.checking import check_online

    listing: Listing[tuple[str, bool, str]] = Listing(
        COLUMNS,
        cells=lambda one: (one[0], "ok" if one[1] else "no", one[2]),
        document=lambda _: {},
        as_json=False,
        none="nothing to check",
    )
    found = [one async for one in check_online(config, os.environ)]
    listing.show(found)
    listing.end()
    return all(ok for _, ok, _ in found)
