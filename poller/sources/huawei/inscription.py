"""When a token ends, read off the token itself. Pure.

IAM signs what a token says and hands out the whole message, as base64 with `-` in the place of `/`: it begins with the bytes of a
CMS SignedData (hence `MII`), and soon after with the JSON that was signed, `{"token":{"expires_at":"2023-12-10T07:31:43.000000Z"`.
"""

import base64
import binascii
import re
from typing import Final

from poller.core.secret import Secret
from poller.core.timestamps import parse_rfc3339

_SEARCHED: Final = 16 * 1024  # characters at the beginning; the end comes first in what is signed
_SIGNED: Final = re.compile(rb'\{"token":\{.*?"expires_at":"([0-9TZ:.+-]{20,40})"', re.DOTALL)


def end_of(token: Secret) -> float | None:
    """The end that is written into `token`, in seconds since 1970; None for a token that says nothing of it."""
    text = token.reveal()[:_SEARCHED].replace("-", "/").rstrip("=")
    try:
        content = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return None
    found = _SIGNED.search(content)
    return None if found is None else parse_rfc3339(found[1].decode("ascii"))
