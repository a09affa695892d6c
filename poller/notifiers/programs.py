"""Running a program that is not trusted to end, to read or to be silent."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import anyio
from anyio.abc import Process

REAPING: Final = 2.0  # seconds to wait for a process that was killed; more would need a kernel in trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What is run and with which environment: nothing is inherited besides."""

    argv: Sequence[str] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exited:
    """It ended by itself with this code, or by the signal `-code`."""

    code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NotStarted:
    """It could not be started, for this reason in the words of the system."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdue:
    """It had not ended in time, and was killed with all that it started."""


Ending: TypeAlias = Exited | NotStarted | Overdue


async def run(program: Program, given: bytes, *, timeout: float) -> Ending:  # noqa: ASYNC109 the word of the configuration
    """Run it with `given` on standard input. What it prints goes nowhere.

    After `timeout` seconds, or when this is cancelled, its whole process group is killed and the program is waited for.
    """
    try:
        process = await _start(program)
    except OSError as error:
        return NotStarted(why=error.strerror or type(error).__name__)
    code: int | None = None
    try:
        with anyio.move_on_after(timeout):
            code = await _fed(process, given)
    finally:
        await _bury(process, kill=code is None)
    return Overdue() if code is None else Exited(code=code)


async def _start(program: Program) -> Process:
    """Raises OSError. Shielded: a program that was started must be known here, so that it can be ended."""
    with anyio.CancelScope(shield=True):
        process = await anyio.open_process(
            program.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=program.env,
            start_new_session=True,  # a process group of its own, which can be killed as a whole
        )
    return process  # noqa: RET504 to mypy the scope could swallow the return


async def _fed(process: Process, given: bytes) -> int:
    """The exit code. A program may end without having read all, or anything."""
    async with anyio.create_task_group() as group:
        group.start_soon(_feed, process, given)
        code = await process.wait()
        group.cancel_scope.cancel()
    return code


async def _feed(process: Process, given: bytes) -> None:
    if process.stdin is not None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            await process.stdin.send(given)
            await process.stdin.aclose()


async def _bury(process: Process, *, kill: bool) -> None:
    with anyio.move_on_after(REAPING, shield=True):
        if kill:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.aclose()
