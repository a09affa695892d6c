"""Signals at the door (INTERFACE.md section 8): SIGTERM and SIGINT stop, a second one ends at once, SIGHUP reloads."""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

import anyio
import structlog

log = structlog.get_logger(__name__)


async def watch_signals(*, stop: Callable[[], None], reload: Callable[[], None]) -> None:
    """Call `stop` or `reload` for each signal, until cancelled."""
    stopping = False
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as received:
        async for number in received:
            if number == signal.SIGHUP:
                reload()
            elif stopping:
                end_at_once(number)
            else:
                stopping = True
                log.info("stopping: finishing what is in hand", signal=signal.Signals(number).name)
                stop()


def end_at_once(number: int) -> NoReturn:
    """Die of the signal, as a program that never handled it would. What is unfinished is found again in the rows."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise SystemExit(128 + number)
