"""A name for a credential that tells nothing of it."""

from collections.abc import Iterable
from hashlib import scrypt
from typing import Final

from poller.core.secret import Secret

_WORK: Final = (
    2**13
)  # of scrypt: some 20 ms, once for each credential; guessing a password by its fingerprint takes as long each time
_BYTES: Final = 16


def fingerprint(parts: Iterable[object]) -> str:
    """The same for the same credential at the same place, whichever daemon asks; secrets among `parts` cannot be read off it."""
    flat = list(_flat(parts))
    plain = "\0".join(str(part) for part in flat if not isinstance(part, Secret))
    secret = "\0".join(part.reveal() for part in flat if isinstance(part, Secret))
    hashed = scrypt(secret.encode("utf-8", "replace"), salt=plain.encode("utf-8", "replace"), n=_WORK, r=8, p=1)
    return hashed[:_BYTES].hex()


def _flat(parts: Iterable[object]) -> Iterable[object]:
    for part in parts:
        if isinstance(part, tuple | list):
            yield from _flat(part)
        else:
            yield part
