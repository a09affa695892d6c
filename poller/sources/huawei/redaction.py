"""Making what the upstream says fit for a log, an event and the database. Pure.

`error_msg` of a signature error can echo the whole signed request (FACTS.md, Limits and errors), with the token or signature in it.
"""

import re
from collections.abc import Iterable
from typing import Final

from poller.core.secret import Secret

LONGEST: Final = 120  # characters of a message that are shown
_READ: Final = 2000  # characters of a message that are looked at
_SHORTEST_SECRET: Final = 4  # characters; anything shorter would blank out ordinary words
_MASK: Final = "…"

# From here on a message is an echo of the request.
_ECHO: Final = re.compile(
    r"canonical|string.?to.?sign|x-(?:sdk|auth|security|subject|project|domain|app)-|authorization\s*[:=]|SDK-HMAC|(?:GET|POST) ?[|/]",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://\S*|www\.\S*"  # links
    r"|\S+@\S+"  # addresses
    r"|\b(?:signature|access(?:_?key)?|ak|sk|token|secret|password|credential)s?\s*[:=]\s*\S+"  # named values
    r"|\+?\d[\d() -]{5,}\d"  # phone numbers
    r"|[A-Za-z0-9+/=_%*~-]{20,}"  # hexadecimal, base64
    r"|(?=[A-Za-z+/=_-]*\d)(?=[\d+/=_-]*[A-Za-z])[A-Za-z0-9+/=_-]{12,}",  # shorter mixtures of letters and digits
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"[A-Za-z]{1,12}[._][A-Za-z0-9._]{1,24}|\d{1,6}|[A-Za-z_]{1,32}", re.ASCII)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def safe_message(text: str, secrets: Iterable[Secret] = ()) -> str:
    """`text` in one short line without what could be a credential, a link, a phone number or an address; perhaps empty."""
    text = text[:_READ]
    for secret in secrets:
        value = secret.reveal()
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, _MASK)
    echo = _ECHO.search(text)
    text = text if echo is None else text[: echo.start()] + _MASK
    text = _HIDDEN.sub(_MASK, "".join(char if char.isprintable() else " " for char in text))
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + _MASK


def safe_code(text: str, secrets: Iterable[Secret] = ()) -> str:
    """An error code if it looks like one (``MSS.00000003``, ``APIG.0301``, ``401``) and repeats no secret, else nothing."""
    return text if _CODE.fullmatch(text) and not _repeats(text, secrets) else ""


def safe_request_id(text: str, secrets: Iterable[Secret] = ()) -> str:
    """An X-Request-Id if it looks like one and repeats no secret, else nothing."""
    return text if _REQUEST_ID.fullmatch(text) and not _repeats(text, secrets) else ""


def _repeats(text: str, secrets: Iterable[Secret]) -> bool:
    values = (secret.reveal() for secret in secrets)
    return any(len(value) >= _SHORTEST_SECRET and value.lower() in text.lower() for value in values)
