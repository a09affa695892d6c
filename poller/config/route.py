"""A [[routes]] table: which events go to which notifiers."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias

from poller.config.fields import Glob, MayBeLeftOut, Text, duration
from poller.config.on import Pattern
from poller.config.problem import Problem, repeated
from poller.config.quiet import QuietHours
from poller.config.stay import StateOrClass
from poller.config.table import CLOSED, Table, key, optional
from poller.core.tending import TendingPlan
from poller.core.vocabulary import StateClass

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
    quiet: Annotated[QuietHours | None, MayBeLeftOut()] = optional(meaning="when what this route tells waits")
    remind_every: Annotated[float | None, duration("10ms", "365d")] = optional(
        meaning="how often a job that needs somebody is told again until someone acts"
    )
    escalate_after: Annotated[float | None, duration("10ms", "365d")] = optional(
        meaning="after how long without action it is told to escalate_to as well"
    )
    escalate_to: tuple[Reference, ...] = optional((), meaning="names of notifiers", min_length=1)
    until: tuple[StateOrClass, ...] = optional(
        (), meaning="states or classes that end it; none: leaving waiting_on_us and failed", min_length=1
    )

    @property
    def tending(self) -> TendingPlan | None:
        """How it goes on telling until someone acts; None when it does not."""
        if self.remind_every is None and self.escalate_after is None:
            return None
        return TendingPlan(
            remind_every=self.remind_every,
            escalate_after=self.escalate_after,
            escalate_to=self.escalate_to,
            until=self.until,
        )

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Nothing twice; an escalation says when and to whom, and `until` ends something."""
        for name in ("on", "sources", "classes", "notify", "escalate_to", "until"):
            yield from repeated(raw, name)
        for name, other in (("escalate_after", "escalate_to"), ("escalate_to", "escalate_after")):
            if name in raw and other not in raw:
                yield Problem(where=(other,), text=f"found nothing, but {name}; expected both or neither")
        if "until" in raw and not raw.keys() & {"remind_every", "escalate_after"}:
            yield Problem(where=("until",), text="found it without remind_every and escalate_after, which it would end")
