"""Signatures as Standard Webhooks 1.0 defines them (symmetric, `v1`). Pure."""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

from poller.core.secret import Secret

PREFIX: Final = "whsec_"


def signing_key(secret: Secret) -> bytes:
    """The key bytes in ``whsec_<base64>``; padding may be left out. Raises ValueError, whose text does not show the secret."""
    text = secret.reveal()
    encoded = text.removeprefix(PREFIX)
    try:
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key or encoded == text:
        raise ValueError(f"not a signing secret: expected {PREFIX} followed by base64")
    return key


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one ``v1,<base64>`` for each key, separated by spaces. `timestamp` is in seconds."""
    content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join("v1," + b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
