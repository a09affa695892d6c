"""What an exchange with any REST API means. Pure.

Throttled: 429, and 403 that names when to come back (GitHub's way) · credentials: 401 · not there: the configured statuses · worth
another try: 408, 5xx, the network · nonsense: redirects, which are never followed, and pages for people · refused: every other 4xx.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

from poller.core.exchange import Broken, Exchange, Reply
from poller.core.reading import Absent, Failed, Refused
from poller.core.retry_after import http_date
from poller.core.secret import Secret
from poller.sources.huawei.faults import Fault, looks_like_html, read_fault
from poller.sources.huawei.judging import RETRY_AFTER_CAP, Outcome, Unauthorized, Verdict, after_of, explain

# The names in use for "how many requests are left" and "when there are more": GitHub, GitLab, the IETF draft.
_REMAINING: Final = ("x-ratelimit-remaining", "ratelimit-remaining")
_RESET: Final = ("x-ratelimit-reset", "ratelimit-reset")
_NUMBER: Final = re.compile(r"\d{1,12}", re.ASCII)
_EPOCH_FROM: Final = 1_000_000_000  # a larger number of seconds is an instant (2001 or later), a smaller one a wait


def judge(exchange: Exchange, *, not_found: Collection[int], secrets: Sequence[Secret] = ()) -> Reply | Verdict:
    """A whole 2xx answer as it is, still to be read; else what it comes to.

    `secrets` are what was sent: they are hidden wherever the upstream repeats them.
    """
    if isinstance(exchange, Broken):
        kind: Final = "nonsense" if exchange.how in {"protocol", "too_large"} else "outage"
        return Verdict(outcome=Failed(kind=kind, reason=exchange.detail))
    if exchange.status // 100 != 2:  # noqa: PLR2004 the class of success, RFC 9110 section 15
        outcome = _judge_error(exchange, not_found, explain(exchange, read_fault(exchange.body), secrets))
        return Verdict(outcome=outcome, proves=isinstance(outcome, Absent | Refused))
    if exchange.truncated:
        reason = f"{explain(exchange, Fault(), secrets)}: the answer broke off or is too long"
        return Verdict(outcome=Failed(kind="nonsense", reason=reason))
    return exchange


def _judge_error(reply: Reply, not_found: Collection[int], reason: str) -> Outcome:
    status = reply.status
    if status == 429 or (status == 403 and _says_when(reply)):  # noqa: PLR2004 too many requests, forbidden
        return Failed(kind="throttled", reason=reason, after=_after(reply))
    if status == 408 or 500 <= status < 600:  # noqa: PLR2004 request time-out, server errors
        return Failed(kind="outage", reason=reason, after=after_of(reply))
    if not 400 <= status < 500:  # noqa: PLR2004 what is left are client errors
        return Failed(kind="nonsense", reason=f"{reason}: neither an answer nor an error (redirects are not followed)")
    if status == 401:  # noqa: PLR2004 unauthorized
        return Unauthorized(reason=reason)
    if status not in not_found:
        return Refused(reason=reason)
    if looks_like_html(reply.body, reply.headers.get("content-type", "")):
        return Failed(kind="nonsense", reason=f"{reason}: a page, not the API; check the url")
    return Absent(reason=reason)


def _says_when(reply: Reply) -> bool:
    return "retry-after" in reply.headers or _header(reply, _REMAINING) == "0"


def _after(reply: Reply) -> float | None:
    """How long the upstream wants to be left alone, in seconds: `Retry-After`, else until the limit is reset if it is used up."""
    asked = after_of(reply)
    if asked is not None or _header(reply, _REMAINING) not in {"0", ""}:
        return asked
    reset = _header(reply, _RESET)
    if not _NUMBER.fullmatch(reset):
        return None
    if int(reset) < _EPOCH_FROM:
        return min(float(reset), RETRY_AFTER_CAP)
    # As with Retry-After: by our clock or by the upstream's, whichever makes the wait longer.
    sent_at = http_date(reply.headers.get("date", ""))
    waits = [int(reset) - at for at in (reply.received_at, sent_at) if at is not None]
    return min(max(0.0, *waits), RETRY_AFTER_CAP)


def _header(reply: Reply, names: Sequence[str]) -> str:
    return next((reply.headers[name].strip() for name in names if name in reply.headers), "")
