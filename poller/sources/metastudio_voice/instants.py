"""The times of this API are integers, in milliseconds or seconds; events and snapshots carry RFC 3339 in UTC. Pure."""

from typing import Final

from poller.core.timestamps import rfc3339

MILLISECONDS_FROM: Final = 100_000_000_000  # as seconds this is the year 5138, as milliseconds 1973
LAST_SECOND: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, the last one that RFC 3339 can name


def instant(value: int | str | None) -> str | None:
    """RFC 3339, with milliseconds only where there are some. A text that is no number is passed on as it is; None for no time."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) < len(str(2**63))):
            return value or None
        value = int(value)
    if value is None or value <= 0:  # 0 is how a time that is not set is written
        return None
    seconds = value / 1000 if value >= MILLISECONDS_FROM else float(value)
    return None if seconds > LAST_SECOND else rfc3339(seconds).replace(".000Z", "Z")
