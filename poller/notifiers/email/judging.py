"""What a mail server's answer means for the delivery. Pure.

A reason is made of our own words and of codes: nothing that the server wrote gets into the database, a log or another notification.
"""

from collections.abc import Mapping
from typing import Final

from poller.core.delivery import REASON_LIMIT, Delivered, Outcome, Rejected, Retry, Unavailable
from poller.core.exchange import Broken
from poller.core.letter import Accepted, Insecure, Posted, Refused, Step

# Wherever they come, these say that it is not about this mail (RFC 4954 section 6, RFC 3207 section 4).
ASKS_FOR_LOGIN: Final = frozenset({530, 534, 535, 538})
BEFORE_THE_MAIL: Final = frozenset[Step]({"greeting", "hello", "starttls", "login"})
PERMANENT: Final = 500
WORDS: Final[Mapping[Step, str]] = {
    "greeting": "the server takes no mail",
    "hello": "the server does not accept who we say we are",
    "starttls": "the server refuses STARTTLS",
    "login": "the server refuses to log us in: check username and password",
    "sender": "the server refuses the sender",
    "recipient": "the server refuses the recipient",
    "content": "the server refuses the mail",
}


def judge(posted: Posted) -> Outcome:
    """Delivered; dead at a 5xx about this mail; later at a 4xx; and what is not about this mail pauses the notifier."""
    match posted:
        case Accepted():
            return Delivered()
        case Insecure() as trouble:
            return Unavailable(reason=worded(trouble))
        case Refused(step="login") as refused:
            return Unavailable(reason=worded(refused))
        case Refused(code=code) as refused if code < PERMANENT:
            return Retry(reason=worded(refused))
        case Refused(step=step, code=code) as refused if step in BEFORE_THE_MAIL or code in ASKS_FOR_LOGIN:
            return Unavailable(reason=worded(refused))
        case Refused() as refused:
            return Rejected(reason=worded(refused))
        case Broken() as broken:
            return Retry(reason=worded(broken))


def worded(posted: Refused | Insecure | Broken) -> str:
    """Why a letter was not taken, in one line."""
    return _words(posted)[:REASON_LIMIT]


def _words(posted: Refused | Insecure | Broken) -> str:
    match posted:
        case Insecure(detail=detail):
            return detail
        case Broken(how="refused_address", detail=detail):
            return f"address refused: {detail}"
        case Broken(how=how, detail=detail):
            return f"{how}: {detail}"
        case Refused(step=step, code=code, enhanced=enhanced):
            return f"SMTP {code}{f' {enhanced}' if enhanced else ''}: {WORDS[step]}"
