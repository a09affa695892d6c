"""`poller run`: the daemon."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from poller.cli.examples import examples
from poller.cli.setting import ConfigFile, config_file


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    CONSOLE = "console"
    LOGFMT = "logfmt"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller run",
            "poller run --config /etc/poller/poller.toml",
            "poller run --log-format json",
            "kill -HUP PID   # read the file again",
        )
    )(run)


def run(
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format",
            metavar="FORM",
            show_default=False,
            help="console, logfmt, json or auto (console on a terminal, else logfmt); else as log.format says.",
        ),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Run the daemon in the foreground: poll, compare, record, deliver.

    SIGTERM or Ctrl-C ends it in order within 10 s, a second one at once; SIGHUP reads the configuration again.
    """
    from poller.host.heap import leave_alone

    leave_alone()
    from poller.daemon.serving import serve

    raise typer.Exit(serve(config_file(config), os.environ, None if log_format is None else log_format.value))
