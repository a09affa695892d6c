"""`poller run`: the daemon."""

import os

import typer

from poller.cli.examples import examples
from poller.cli.setting import ConfigFile, config_file


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "poller run", "poller run --config /etc/poller/poller.toml", "kill -HUP PID   # read the file again"
        )
    )(run)


def run(config: ConfigFile = None) -> None:
    """Run the daemon in the foreground: poll, compare, record, deliver.

    SIGTERM or Ctrl-C ends it in order within 10 s, a second one at once; SIGHUP reads the configuration again.
    """
    from poller.daemon.serving import serve

    raise typer.Exit(serve(config_file(config), os.environ))
