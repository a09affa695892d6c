"""Running what a command has to do, until it is done or Ctrl-C ends it."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar, TypeVarTuple

import anyio

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")
_INTERRUPTED: Final = object()


def run(work: Callable[[*Arguments], Awaitable[Result]], *arguments: *Arguments) -> Result:
    """As `anyio.run`, but an interrupt cancels as every other cancellation does: what is shielded, such as a transaction that has begun,
    comes to its end. A second interrupt does not wait for that. Raises KeyboardInterrupt when it was interrupted.
    """
    done = anyio.run(_until_interrupted, work, arguments)
    if done is _INTERRUPTED:
        raise KeyboardInterrupt
    return done  # type: ignore[return-value]  # the sentinel is left out above


async def _until_interrupted(
    work: Callable[[*Arguments], Awaitable[Result]], arguments: tuple[*Arguments]
) -> Result | object:
    with anyio.CancelScope() as scope, _cancelled_when_interrupted(scope):
        return await work(*arguments)
    return _INTERRUPTED


@contextmanager
def _cancelled_when_interrupted(scope: anyio.CancelScope) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # nobody else hears signals
        yield
        return
    loop = asyncio.get_running_loop()

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the next one ends it, whatever it is busy with
        loop.call_soon_threadsafe(scope.cancel)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
