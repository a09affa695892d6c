"""What an answer's `Retry-After` asks for (RFC 9110 section 10.2.3): seconds or an HTTP date."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_SECONDS: Final = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)  # the fraction is no part of the RFC, but it is sent
_LONGEST_DATE: Final = 64  # characters; an HTTP date has at most 33


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """How long the sender of `headers` (lower-case names) wants to be left alone, in seconds from `now`; None if it says nothing usable.

    A date counts from the later of two views: by our clock, and by the sender's own where its `Date` tells it. A clock that
    is wrong on either side makes the wait longer, never shorter than asked.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    sent_at = http_date(headers.get("date", ""))
    return max(0.0, until - now, 0.0 if sent_at is None else until - sent_at)


def http_date(text: str) -> float | None:
    """The instant that an HTTP date in any of its three forms names (RFC 9110 section 5.6.7), or None."""
    if len(text) > _LONGEST_DATE:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        return _utc(parsed).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard library raises for nonsense
        return None


def _utc(parsed: datetime) -> datetime:
    """An HTTP date without a zone (asctime's form) is in UTC."""
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
