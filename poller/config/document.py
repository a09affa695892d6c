"""The whole file as one value, and what its parts must have in common."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from poller.config.database import Store
from poller.config.fields import ChosenBy, Text
from poller.config.problem import Problem, not_one_of
from poller.config.route import RouteConfig
from poller.config.source import SourceConfig
from poller.config.table import CLOSED, Table, key
from poller.config.webhook import NotifierConfig

_NAME_FORM: Final = "a name of up to 63 letters, digits, _ and -, starting with a letter or digit"
Name: TypeAlias = Annotated[str, Text(pattern="[A-Za-z0-9][A-Za-z0-9_-]{0,62}", allowed=_NAME_FORM)]


class Config(Table):
    """The configuration of poller.

    Attributes are named as the keys of the file; durations are seconds, rates are per second.
    """

    store: Store = Field(default_factory=Store, description="the database")
    sources: Mapping[Name, Annotated[SourceConfig, ChosenBy("kind")]] = key(
        {}, meaning="upstream accounts, by name", json_schema_extra=CLOSED
    )
    notifiers: Mapping[Name, Annotated[NotifierConfig, ChosenBy("kind")]] = key(
        {}, meaning="destinations, by name", json_schema_extra=CLOSED
    )
    routes: tuple[RouteConfig, ...] = key(
        [], meaning="which events go where; none: every event to every notifier", max_length=1000
    )

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Routes name sources and notifiers that are there."""
        routes = raw.get("routes")
        for place, route in enumerate(routes if isinstance(routes, list | tuple) else ()):
            yield from _dangling(route, "sources", raw.get("sources"), ("routes", place))
            yield from _dangling(route, "notify", raw.get("notifiers"), ("routes", place))


def _dangling(route: object, name: str, there: object, where: tuple[str | int, ...]) -> Iterable[Problem]:
    """A problem for each name in `route[name]` that is no key of `there`; none if `there` is itself wrong, which is told elsewhere."""
    named = route.get(name) if isinstance(route, dict) else getattr(route, name, None)
    if not isinstance(named, list | tuple) or not isinstance(there, dict | None):
        return
    for place, one in enumerate(named):
        if isinstance(one, str) and one not in (there or {}):
            yield Problem(where=(*where, name, place), text=not_one_of(one, there or {}))
