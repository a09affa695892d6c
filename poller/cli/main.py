"""The command `poller`: its nouns, and what becomes of errors (exit codes: INTERFACE.md section 3)."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from poller.cli import (
    batches,
    check,
    config,
    daemons,
    db,
    deliveries,
    demo,
    events,
    jobs,
    notify,
    plan,
    route,
    run,
    silence,
    simulate,
    systemd,
    wait,
)
from poller.cli.examples import examples
from poller.cli.setting import ConfigFile
from poller.errors import PollerError

INTERRUPTED: Final = 128 + signal.SIGINT

app = typer.Typer(
    name="poller",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (run, check, plan, wait, batches, daemons, demo, simulate):
    commands.register(app)
for noun in (jobs, events, deliveries, silence, notify, route, db, config, systemd):
    noun.register(app)


def _version(asked: bool) -> None:
    if asked:
        from poller import __version__

        typer.echo(f"poller {__version__}")
        raise typer.Exit


@app.callback(
    epilog=examples(
        "poller demo                                   # a whole rehearsal on this machine, in half a minute",
        "poller check --online && poller run           # the daemon, in the foreground",
        "poller jobs add prod efc5300ecdba4ea48d1ff13a9d907bc0 --label team=avatars",
        "poller events --follow --json",
    )
)
def _root(
    config: ConfigFile = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and exit.")
    ] = False,
) -> None:
    """Watches long-running cloud jobs and tells, once and in order, what became of them.

    Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration, 3 the daemon is not running, 124 `wait` timed out.
    """


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code. Nothing an operator can cause shows a traceback."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="poller")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (PollerError, BaseExceptionGroup) as error:
        return _explain(error)
    return 0


def main() -> None:
    """The console entry."""
    code = run_command()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone: there is nobody to tell, also not at the interpreter's end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _explain(error: BaseException) -> int:
    """Say what went wrong. Task groups wrap what ended them."""
    first = error
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, KeyboardInterrupt):
        return INTERRUPTED
    if not isinstance(first, PollerError):
        raise error
    for line in f"poller: {first}".split("\n"):
        sys.stderr.write("".join(c if c.isprintable() else " " for c in line) + "\n")
    return first.exit_code
