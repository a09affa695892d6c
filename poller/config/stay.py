"""What a job is in: a state, or a class of states."""

import re
from typing import Annotated, Final, TypeAlias

from poller.config.fields import Text
from poller.config.problem import listed, nearest
from poller.core.vocabulary import CLASSES

_STATE_PATTERN: Final = "[A-Z][A-Z0-9_]{0,99}"


def _check_stay(text: str) -> None:
    if text not in CLASSES and not re.fullmatch(_STATE_PATTERN, text):
        hint = nearest(text, CLASSES) or ";"
        raise ValueError(
            f"neither a class nor the name of a state{hint} allowed: {listed(CLASSES)}, or such as TRAINING"
        )


Stay: TypeAlias = Annotated[
    str,
    Text(
        pattern=f"{'|'.join(CLASSES)}|{_STATE_PATTERN}",
        allowed="a class, or a state in capitals such as TRAINING",
        check=_check_stay,
    ),
]
StateOrClass: TypeAlias = Annotated[
    str, Text(pattern=r"[^\x00-\x1f\x7f]{1,300}", allowed="a class, or a state as the expression gives it")
]
