"""A notifier table of kind `command`."""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

from poller.config.fields import Text
from poller.config.notifying import Notifying
from poller.config.problem import Problem, shown
from poller.config.secrecy import SecretRule
from poller.config.table import CLOSED, key
from poller.core.secret import Secret

LONGEST_ARGUMENT: Final = 4096  # characters
_PROGRAM: Final = re.compile(r"/[^\x00]+|[^\x00/]+")
_OURS: Final = re.compile("POLLER_.*", re.IGNORECASE)

Argument: TypeAlias = Annotated[
    str,
    Text(
        pattern=rf"[^\x00]{{0,{LONGEST_ARGUMENT}}}",
        allowed=f"an argument of at most {LONGEST_ARGUMENT} characters, no NUL character",
        show=False,
    ),
]


def _check_variable(name: str) -> None:
    if _OURS.fullmatch(name):
        raise ValueError("allowed: any name but POLLER_…, which poller sets itself")


Variable: TypeAlias = Annotated[
    str,
    Text(
        pattern="[A-Za-z_][A-Za-z0-9_]{0,63}",
        allowed="the name of an environment variable: letters, digits and _",
        check=_check_variable,
    ),
]


def _no_nul(text: str) -> None:
    if "\0" in text:
        raise ValueError("found a NUL character; expected a value that an environment variable can have")


class CommandConfig(Notifying):
    """A program that is run for each notification; it gets the CloudEvent on standard input."""

    kind: Literal["command"] = key(meaning="command: a program gets the event on standard input, its exit code decides")
    command: tuple[Argument, ...] = key(
        meaning="the program (an absolute path, or a name in $PATH) and its arguments; no shell",
        min_length=1,
        max_length=100,
    )
    env: Mapping[Variable, Annotated[Secret, SecretRule(check=_no_nul)]] = key(
        {},
        meaning="environment variables of the program, values may be secrets",
        max_length=50,
        json_schema_extra=CLOSED,
    )

    @property
    def program(self) -> str:
        """What is run."""
        return self.command[0]

    @property
    def address(self) -> str:
        """The program; its arguments are not shown."""
        return shown(self.program)

    @property
    def reached(self) -> str:
        """It is not run: who knows what it does."""
        return f"{self.address} is there"

    @property
    def remarks(self) -> Sequence[str]:
        """A program that is not there is no mistake of the file: it may be installed later."""
        if shutil.which(self.program) is not None:
            return ()
        return (f"{self.address} is not there, or may not be executed: what it is owed waits",)

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """The program is a path from the root, or a name."""
        command = raw.get("command")
        program = command[0] if isinstance(command, list | tuple) and command else None
        if isinstance(program, str) and not _PROGRAM.fullmatch(program):
            text = f"found {shown(program)}; expected an absolute path, or the name of a program in $PATH"
            yield Problem(where=("command", 0), text=text)
