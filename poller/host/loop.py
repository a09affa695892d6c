"""The event loop of what runs for long: libuv's, through uvloop, where that is installed, and asyncio's own elsewhere.

A poll is a small answer on one of few connections, so the loop goes round once or twice for each: what a round costs counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import anyio

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


def new() -> asyncio.AbstractEventLoop:
    """The fastest loop that there is."""
    try:
        import uvloop
    except ImportError:  # a platform that it does not support, or it was removed
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(work: Callable[[*Arguments], Awaitable[Result]], *arguments: *Arguments) -> Result:
    """As `anyio.run`, on such a loop."""
    return anyio.run(work, *arguments, backend_options={"loop_factory": new})


def running() -> str:
    """The library whose loop runs now."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]
