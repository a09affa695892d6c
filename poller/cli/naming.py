"""How jobs, labels, times and the like are named on the command line."""

import getpass
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, TypeAlias

import typer

from poller.core.timestamps import parse_rfc3339
from poller.errors import UsageError

MAX_IDS: Final = 1_000_000  # ids of one command, also from standard input
_STDIN: Final = "-"

Source: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A name under [bold]sources[/bold] in the configuration.", show_default=False
    ),
]
JobId: TypeAlias = Annotated[str, typer.Argument(metavar="JOB_ID", help="The job's id.", show_default=False)]
JobIds: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB_ID", help="Ids of jobs; [bold]-[/bold] reads them from standard input.", show_default=False
    ),
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Not older than this: 2h, 7d, or 2023-12-09T07:31:43Z.", show_default=False),
]


Label: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="K=V", help="A label of the job; may be repeated.", show_default=False)
]
Author: TypeAlias = Annotated[
    str | None, typer.Option(metavar="WHO", help="Who does this; else the user of this shell.", show_default=False)
]


def given_author(text: str | None) -> str:
    """Who acts: the name that was given, else that of the user. Raises UsageError when neither is there."""
    if text is not None:
        return text
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("--author: this shell's user has no name; expected who does this") from None


def given_instant(text: str, option: str) -> float:
    """Seconds of an RFC 3339 time. Raises UsageError."""
    at = parse_rfc3339(text)
    if at is None:
        raise UsageError(f"{option}: found {text!r}; expected a time such as 2026-12-24T08:00:00Z")
    return at


def given_ids(arguments: Sequence[str]) -> list[str]:
    """The job ids, each once; those of standard input where `-` stands. Raises UsageError for the first that is none."""
    from poller.config import check_job_id

    ids: dict[str, None] = {}
    for place, job_id in _each(arguments):
        try:
            ids[check_job_id(job_id)] = None
        except ValueError as error:
            raise UsageError(f"{place}: found {job_id[:60]!r}; expected {error}") from None
        if len(ids) > MAX_IDS:
            raise UsageError(f"{place}: more than {MAX_IDS:,} job ids; give them in several commands")
    if not ids:
        raise UsageError("no job id was given")
    return list(ids)


def given_labels(arguments: Iterable[str]) -> dict[str, str]:
    """`K=V` pairs. Raises UsageError."""
    labels = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not (name and equals and value):
            raise UsageError(f"--label: found {argument!r}; expected NAME=VALUE")
        labels[name] = value
    return labels


def given_since(text: str | None) -> float | None:
    """The instant that `2h` ago was, or that an RFC 3339 time names. Raises UsageError."""
    if text is None:
        return None
    at = parse_rfc3339(text)
    if at is not None:
        return at
    from poller.config import parse_duration

    try:
        return time.time() - parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--since: found {text!r}; expected {error}, or a time such as 2023-12-09T07:31:43Z") from None


def given_duration(text: str, option: str) -> float:
    """Seconds. Raises UsageError."""
    from poller.config import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: found {text!r}; expected {error}") from None


def _each(arguments: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Each id with the place it comes from."""
    for argument in arguments:
        if argument != _STDIN:
            yield "the command line", argument
            continue
        for number, line in enumerate(sys.stdin, 1):
            # What follows a `#` is a remark: no job id has one.
            yield from ((f"line {number} of standard input", job_id) for job_id in line.partition("#")[0].split())
