"""Hearing at once that another daemon has recorded something. A hint, like any ring: what is owed stands in the rows."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from poller.core.secret import Secret
from poller.errors import StoreUnavailable
from poller.store.place import POSTGRESQL, to_place

CHANNEL: Final = "poller_owed"
CONNECT_TIMEOUT: Final = 10  # seconds


async def hear(url: Secret) -> AsyncIterator[None]:
    """Once when it listens, then once for each message, on a connection of its own; ends only with an error.

    Raises StoreUnavailable when the connection cannot be made, or is lost.
    """
    import psycopg

    place = to_place(url)
    address = POSTGRESQL + url.reveal().removeprefix(POSTGRESQL)
    try:
        connection = await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=CONNECT_TIMEOUT)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            yield
            async with aclosing(connection.notifies()) as messages:
                async for _ in messages:
                    yield
    except psycopg.Error as error:
        raise StoreUnavailable(f"{place.shown}: nothing can be heard ({type(error).__name__})") from None
