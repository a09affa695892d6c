"""The whole file as one value, and what its parts must have in common."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from poller.config.choosing import ChosenBy, PlugIns
from poller.config.database import Store
from poller.config.fallback import falling_back
from poller.config.fields import MayBeLeftOut, Text
from poller.config.heartbeat import Heartbeat
from poller.config.log import Log
from poller.config.notifier import NotifierConfig
from poller.config.notifying import Notifying
from poller.config.plugged import NOTIFIERS, SOURCES
from poller.config.problem import Problem, found, listed, not_one_of
from poller.config.route import RouteConfig
from poller.config.source import SourceConfig
from poller.config.table import CLOSED, Table, key, optional
from poller.config.watching import Watching
from poller.config.web import Web

SOURCE_PLUG_INS: Final = PlugIns(SOURCES, Watching)
NOTIFIER_PLUG_INS: Final = PlugIns(NOTIFIERS, Notifying)
VOICES: Final = "metastudio-voice"
_NAME_FORM: Final = "a name of up to 63 letters, digits, _ and -, starting with a letter or digit"
_NAME: Final = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
Name: TypeAlias = Annotated[str, Text(pattern=_NAME.pattern, allowed=_NAME_FORM)]


class Config(Table):
    """The configuration of poller.

    Attributes are named as the keys of the file; durations are seconds, rates are per second.
    """

    store: Store = Field(default_factory=Store, description="the database")
    sources: Mapping[Name, Annotated[SourceConfig, ChosenBy("kind", SOURCE_PLUG_INS)]] = key(
        {}, meaning="upstream accounts, by name", json_schema_extra=CLOSED
    )
    notifiers: Mapping[Name, Annotated[NotifierConfig, ChosenBy("kind", NOTIFIER_PLUG_INS)]] = key(
        {}, meaning="destinations, by name", json_schema_extra=CLOSED
    )
    routes: tuple[RouteConfig, ...] = key(
        [], meaning="which events go where; none: every event to every notifier", max_length=1000
    )
    log: Log = Field(default_factory=Log, description="what is logged, and how it looks")
    web: Annotated[Web | None, MayBeLeftOut()] = optional(
        meaning="the listener for API, metrics and status page; absent: none"
    )
    heartbeat: Annotated[Heartbeat | None, MayBeLeftOut()] = optional(
        meaning="a URL that is called while all makes progress; absent: none"
    )

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Routes and fallbacks name what is there, no fallback leads back; a voice is followed in a source that is there, and of voices."""
        yield from _followed(raw.get("sources"))
        routes = raw.get("routes")
        for place, route in enumerate(routes if isinstance(routes, list | tuple) else ()):
            yield from _dangling(route, "sources", raw.get("sources"), ("routes", place))
            for name in ("notify", "escalate_to"):
                yield from _dangling(route, name, raw.get("notifiers"), ("routes", place))
        yield from falling_back(raw.get("notifiers"))


def _followed(sources: object) -> Iterable[Problem]:
    """A problem for each `follow_voice` that names no source of voices."""
    tables = sources if isinstance(sources, dict) else {}
    voices = [name for name, table in tables.items() if _value(table, "kind") == VOICES]
    for name, table in tables.items():
        followed = _value(table, "follow_voice")
        if isinstance(followed, str) and _NAME.fullmatch(followed) and followed not in voices:
            other = f", a source of another kind than {VOICES}" if followed in tables else ""
            text = f"found {found(followed)}{other}; expected a source of kind {VOICES}: {listed(voices)}"
            yield Problem(where=("sources", name, "follow_voice"), text=text)


def _value(table: object, name: str) -> object:
    return table.get(name) if isinstance(table, dict) else getattr(table, name, None)


def _dangling(route: object, name: str, there: object, where: tuple[str | int, ...]) -> Iterable[Problem]:
    """A problem for each name in `route[name]` that is no key of `there`; none if `there` is itself wrong, which is told elsewhere."""
    named = _value(route, name)
    if not isinstance(named, list | tuple) or not isinstance(there, dict | None):
        return
    for place, one in enumerate(named):
        if isinstance(one, str) and one not in (there or {}):
            yield Problem(where=(*where, name, place), text=not_one_of(one, there or {}))
