"""Reading the database, with the daemon running or not."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from poller.cli.screen import PAGE
from poller.cli.setting import Setting
from poller.store.archive import Archive
from poller.store.store import open_archive

Row = TypeVar("Row")


@asynccontextmanager
async def reading(setting: Setting) -> AsyncIterator[Archive]:
    """The database, read-only. Raises StoreError, with the remedy, when it is not there or of another version."""
    async with open_archive(setting.database.url) as archive:
        yield archive


async def pages(
    fetch: Callable[[int | None], Awaitable[Sequence[Row]]], key: Callable[[Row], int], *, start: int | None = None
) -> AsyncIterator[Sequence[Row]]:
    """The list part by part, each a short read of its own; `fetch` is given the `key` of the last row of the part before."""
    while True:
        rows = await fetch(start)
        yield rows
        if len(rows) < PAGE:
            return
        start = key(rows[-1])
