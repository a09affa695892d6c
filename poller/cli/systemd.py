"""`poller systemd`: a service of this installation."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from poller.cli.examples import examples
from poller.cli.screen import say

NEXT: Final = "next: edit /etc/poller/poller.toml, then: poller check && systemctl enable --now poller"

noun = typer.Typer(no_args_is_help=True, help="A service of this installation.")


def register(app: typer.Typer) -> None:
    """Add the noun."""
    app.add_typer(noun, name="systemd")


@noun.command("print", epilog=examples("poller systemd print", "poller systemd print > poller.service"))
def print_unit() -> None:
    """Print the unit that runs this installation; install writes it, and what it needs."""
    from poller.host.units import unit

    sys.stdout.write(unit(_program()))


@noun.command(
    epilog=examples("sudo /opt/poller/bin/poller systemd install", "poller systemd install --root /mnt/image")
)
def install(
    root: Annotated[
        Path,
        typer.Option("--root", metavar="DIR", help="The top folder of the system to install into."),
    ] = Path("/"),
) -> None:
    """Make a service of this installation: unit, user, first configuration, command. Changes nothing that you may have written.

    Again after an upgrade it renews what it wrote. Starts nothing.
    """
    from poller.host.installing import install as install_service
    from poller.host.units import systemd_version

    for step in install_service(_program(), Path(sys.executable), root=root.absolute(), version=systemd_version()):
        say(step)
    say(NEXT)


def _program() -> Path:
    """The command of this environment, by the name that does not change with an upgrade."""
    return Path(sys.prefix) / "bin" / "poller"
