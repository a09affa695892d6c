"""A receiver's side of Standard Webhooks 1.0: is this request from who holds the secret, and from now?"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

TOLERANCE: Final = 5 * 60
"""Seconds that `webhook-timestamp` may be off, either way."""
PREFIX: Final = "whsec_"
VERSION: Final = "v1"


def key_of(secret: str) -> bytes:
    """The key in `whsec_<base64>`; raises ValueError for anything else."""
    if not secret.startswith(PREFIX):
        raise ValueError("a webhook secret begins with whsec_")
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    if not key:
        raise ValueError("the webhook secret is empty")
    return key


def problem_with(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
    """Why the request must not be believed, or None. Header names are lower case; `now` in seconds since 1970."""
    identifier, sent_at, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not identifier or not sent_at or not signatures:
        return "a webhook header is missing"
    if not (sent_at.isascii() and sent_at.isdigit()):
        return "webhook-timestamp is not a number of seconds"
    if abs(now - int(sent_at)) > TOLERANCE:
        return "webhook-timestamp is too old or too new"
    expected = hmac.new(key, f"{identifier}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    if not any(hmac.compare_digest(expected, given) for given in _given(signatures)):
        return "no signature matches"
    return None


def _given(signatures: str) -> list[bytes]:
    found = []
    for part in signatures.split(" "):
        version, _, value = part.partition(",")
        if version == VERSION:
            try:
                found.append(base64.b64decode(value, validate=True))
            except binascii.Error:
                continue
    return found
