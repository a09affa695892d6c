"""Ctrl-C ends a command; what has begun and must end comes to its end first, unless it is pressed again."""

import signal
import subprocess
import sys

import anyio
import pytest

from poller.cli.interruptible import run
from tests.cli.operating import Operator
from tests.store import making


async def _interrupted_while_shielded(times: int, done: list[str]) -> None:
    with anyio.CancelScope(shield=True):
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep(0.01)
        done.append("what had begun")
    await anyio.sleep_forever()


def test_what_is_shielded_ends_before_the_command_does() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(_interrupted_while_shielded, 1, done)

    assert done == ["what had begun"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_waits_for_nothing() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(_interrupted_while_shielded, 2, done)

    assert done == []


def test_a_result_and_an_error_come_through_as_they_are() -> None:
    async def divided(one: int, other: int) -> float:
        return one / other

    assert run(divided, 1, 2) == 0.5
    with pytest.raises(ZeroDivisionError):
        run(divided, 1, 0)


def test_following_ends_without_a_word(poller: Operator) -> None:
    poller.fill(lambda store: making.tell(store, "a", 1))
    with subprocess.Popen(
        [sys.executable, "-m", "poller", "events", "--follow", "--since", "100000h", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=poller.folder,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (130, b"")
