"""Where a command works: its configuration file, the database and the control socket that follow from it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from poller.config import Config, DatabaseLocation


def _nearest(context: typer.Context, given: Path | None) -> Path | None:
    """What was given after the command, else what was given before it, the nearest first."""
    around = context.parent
    while given is None and around is not None:
        given, around = around.params.get("config"), around.parent
    return given


ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        callback=_nearest,
        show_default=False,
        help="The configuration; else $POLLER_CONFIG, ./poller.toml, /etc/poller/poller.toml.",
    ),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """`sources` and `notifiers` are the names that the configuration has now, `kinds` the kinds of the sources by name.

    `file` is None where the defaults do.
    """

    file: Path | None
    database: "DatabaseLocation"
    socket: Path
    sources: tuple[str, ...]
    kinds: Mapping[str, str]
    notifiers: tuple[str, ...]
    recipients: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def config_file(given: Path | None) -> Path:
    """The file to read. Raises ConfigError when there is none."""
    from poller.config import find

    return find(given, os.environ, Path.cwd())


def read_config(given: Path | None) -> "Config":
    """The whole configuration, credentials included. Raises ConfigError."""
    from poller.config import load

    return load(config_file(given), environ=os.environ)


def read_plainly(given: Path | None) -> "Config":
    """The configuration for a command that only looks: credentials that are elsewhere are not read. Raises ConfigError."""
    from poller.config import load

    return load(config_file(given), environ=os.environ, secrets=False)


def read_setting(given: Path | None, *, or_defaults: bool = False) -> Setting:
    """What commands need that only look, or that talk to the daemon: no credential is read.

    `or_defaults`: where no file is named and none is there, all is as by default. Raises ConfigError.
    """
    from poller.config import database_location, outline
    from poller.config.loading import look_for
    from poller.host.runtime import control_socket

    file = look_for(given, os.environ, Path.cwd()) if or_defaults else config_file(given)
    found = outline(file, environ=os.environ)
    database = database_location(found.store, os.environ, Path.cwd())
    return Setting(
        file=file,
        database=database,
        socket=control_socket(os.environ, database.file, Path.cwd()),
        sources=found.sources,
        kinds=found.kinds,
        notifiers=found.notifiers,
        recipients=found.recipients,
    )
