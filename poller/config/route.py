"""A [[routes]] table: which events go to which notifiers."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from poller.config.fields import Glob, Text
from poller.config.problem import Problem, listed, nearest, repeated
from poller.config.table import CLOSED, Table, key, optional
from poller.core.route import FAMILY_PREFIXES
from poller.core.vocabulary import StateClass

_PATTERN: Final = r"!?(?:[A-Za-z_-]{1,40}:)?[^\s!:\x00-\x1f\x7f][^\s:\x00-\x1f\x7f]{0,199}"


def _check_family(pattern: str) -> None:
    family, colon, _ = pattern.removeprefix("!").partition(":")
    if colon and family not in FAMILY_PREFIXES:
        raise ValueError(
            f"the prefix before the colon is unknown{nearest(family, FAMILY_PREFIXES) or ';'} allowed: {listed(FAMILY_PREFIXES)}"
        )


Pattern: TypeAlias = Annotated[
    str,
    Text(
        pattern=_PATTERN,
        allowed=f"[!][FAMILY:]GLOB without spaces, FAMILY one of {listed(FAMILY_PREFIXES)}",
        check=_check_family,
    ),
]
Label: TypeAlias = Annotated[
    str,
    Text(
        pattern=r"[^\x00-\x1f\x7f]{1,200}",
        allowed="a text of 1 to 200 characters, no control characters; compared as it is",
    ),
]
Reference: TypeAlias = Annotated[str, Text(pattern=r"[^\x00]*", allowed="a name")]
Operator: TypeAlias = Annotated[
    str, Text(pattern="[A-Za-z0-9_-]{1,64}", allowed="an operator such as USER, ADMIN or SYSTEM")
]


class RouteConfig(Table):
    """One rule: which events go to which notifiers; a key that is left out matches all.

    It is an empty tuple or mapping here.
    """

    on: tuple[Pattern, ...] = optional(
        (), meaning="globs over the transition's name; FAMILY:GLOB narrows, !GLOB excludes", min_length=1
    )
    sources: tuple[Reference, ...] = optional((), meaning="names of sources", min_length=1)
    batch_names: tuple[Glob, ...] = optional((), meaning="globs over the job's batch_name", min_length=1)
    tags: tuple[Glob, ...] = optional((), meaning="globs over the job's tags", min_length=1)
    names: tuple[Glob, ...] = optional((), meaning="globs over the job's name", min_length=1)
    labels: Mapping[Label, Label] = optional(
        {}, meaning="labels that the job must have", min_length=1, json_schema_extra=CLOSED
    )
    classes: tuple[StateClass, ...] = optional((), meaning="classes of the job's state", min_length=1)
    operators: tuple[Operator, ...] = optional((), meaning="who acted: USER, ADMIN, SYSTEM", min_length=1)
    notify: tuple[Reference, ...] = key(meaning="names of notifiers", min_length=1)

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Nothing twice."""
        for name in ("on", "sources", "classes", "notify"):
            yield from repeated(raw, name)
