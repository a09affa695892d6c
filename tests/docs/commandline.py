"""The command line as the program defines it: its commands, their options and the examples of their help."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from poller.cli.main import app

SHARED = {"--help", "--config"}  # told once, for all commands
_MARKUP = re.compile(r"(?<!\\)\[/?\w+\]")


@dataclass(frozen=True)
class Command:
    path: str
    command: TyperCommand

    @property
    def paragraphs(self) -> list[str]:
        """The help, a line for each paragraph."""
        return [" ".join(part.split()) for part in plain(self.command.help).split("\n\n")]

    @property
    def arguments(self) -> list[TyperArgument]:
        return [one for one in self.command.params if isinstance(one, TyperArgument)]

    @property
    def options(self) -> list[TyperOption]:
        return [one for one in self.command.params if isinstance(one, TyperOption) and not SHARED & set(one.opts)]

    @property
    def examples(self) -> list[str]:
        """The command lines of the help's end, remarks included."""
        return [line.strip()[2:].rstrip() for line in plain(self.command.epilog).splitlines() if "$ " in line]


def plain(text: str | None) -> str:
    """Help without rich's markup."""
    return _MARKUP.sub("", (text or "").replace("\u00a0", " ")).replace("\\[", "[")


@cache
def root() -> TyperGroup:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


@cache
def commands() -> tuple[Command, ...]:
    """Every command that can be run, in the order of the help."""
    return tuple(_below(root(), "poller"))


def _below(group: TyperGroup, path: str) -> Iterator[Command]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _below(command, f"{path} {name}")
        elif isinstance(command, TyperCommand):
            yield Command(path=f"{path} {name}", command=command)


def words_of(line: str) -> list[str]:
    """The words of the first `poller` command of a line as it would be typed: up to a pipe, a redirection, && or a remark."""
    words = shlex.split(re.sub(r"\$\([^)]*\)", "X", line), comments=True)
    words = words[words.index("poller") + 1 :]
    ends = (at for at, word in enumerate(words) if word in {"|", "||", "&&", ">", "<", ";"})
    return words[: next(ends, len(words))]


def check(words: list[str]) -> None:
    """Raises what the program would say of wrong usage; runs nothing."""
    command: object = root()
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"no command {words[0]} in {' '.join(command.commands)}"
        command, words = command.commands[words[0]], words[1:]
    if isinstance(command, TyperCommand):
        command.make_context("poller", list(words))
    else:
        assert {*words} <= {"--help", "-h", "--version"}, words
