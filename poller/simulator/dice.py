"""Chance that repeats itself: the same names give the same throws, in every process and on every machine."""

from random import Random


def dice(*names: object) -> Random:
    """A generator seeded by `names`; text seeds go through SHA-512, so neighbouring numbers have unrelated throws."""
    return Random(":".join(str(name) for name in names))  # noqa: S311 - reproducible play, nothing is kept secret with it


def identifier(*names: object) -> str:
    """32 hex digits, as the vendor's ids look."""
    return f"{dice('id', *names).getrandbits(128):032x}"
