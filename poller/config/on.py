"""The patterns of `on`: which transitions are meant."""

import re
from typing import Annotated, Final, TypeAlias

from poller.config.fields import Text
from poller.config.problem import listed, nearest
from poller.core.route import FAMILY_PREFIXES

_PATTERN: Final = r"!?(?:[A-Za-z_-]{1,40}:)?[^\s!:\x00-\x1f\x7f][^\s:\x00-\x1f\x7f]{0,199}"

_FORM: Final = f"[!][FAMILY:]GLOB without spaces, FAMILY one of {listed(FAMILY_PREFIXES)}"


def _check_family(pattern: str) -> None:
    family, colon, _ = pattern.removeprefix("!").partition(":")
    if colon and family not in FAMILY_PREFIXES:
        raise ValueError(
            f"the prefix before the colon is unknown{nearest(family, FAMILY_PREFIXES) or ';'} allowed: {listed(FAMILY_PREFIXES)}"
        )


def check_pattern(pattern: str) -> str:
    """The pattern itself. Raises ValueError with what is allowed: for the command line and the API."""
    _check_family(pattern)
    if not re.fullmatch(_PATTERN, pattern):
        raise ValueError(f"expected {_FORM}")
    return pattern


Pattern: TypeAlias = Annotated[
    str,
    Text(
        pattern=_PATTERN,
        allowed=_FORM,
        check=_check_family,
    ),
]
