"""Instants in the file: RFC 3339, with an offset, so that they mean the same wherever the file is read."""

from typing import Annotated, Final, TypeAlias

from poller.config.fields import Text
from poller.core.timestamps import parse_rfc3339

MOMENT_FORM: Final = 'an instant such as "2026-01-31T18:00:00Z" or "2026-01-31T18:00:00+08:00", in quotes'


def _instant(text: str) -> None:
    if parse_rfc3339(text) is None:
        raise ValueError(f"expected {MOMENT_FORM}")


Moment: TypeAlias = Annotated[
    str | None,
    Text(
        pattern=r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)",
        allowed=MOMENT_FORM,
        check=_instant,
    ),
]
