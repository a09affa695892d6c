"""Signatures as Standard Webhooks 1.0 defines them (symmetric, `v1`). Pure."""

import hmac
from base64 import b64encode
from collections.abc import Sequence


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one ``v1,<base64>`` for each key, separated by spaces. `timestamp` is in seconds.

    `keys` are the decoded ``whsec_`` secrets, every active one: while they rotate, a receiver that knows either can verify.
    """
    content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join("v1," + b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
