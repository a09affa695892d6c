"""Sources that plug-ins bring."""

from typing import Final

from poller.config.plugged import SOURCES, build_plugged
from poller.config.watching import Watching
from poller.sources.ports import Source, SourceTools

_WANTED: Final = ("name", "classify", "fetch", "can_list", "living_states", "list")


def plugged_source(name: str, config: Watching, tools: SourceTools) -> Source:
    """The source of a kind that is not built in. Raises ConfigError."""
    built: Source = build_plugged(SOURCES, name, config, tools, _WANTED)
    return built
