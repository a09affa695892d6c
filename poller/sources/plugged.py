"""Sources that plug-ins bring."""

from typing import Final

from poller.config.plugged import described, plugged
from poller.config.watching import Watching
from poller.errors import ConfigError
from poller.sources.ports import Source, SourceTools

GROUP: Final = "poller.sources"
_WANTED: Final = ("name", "classify", "fetch", "can_list", "living_states", "list")


def build_plugged(name: str, config: Watching, tools: SourceTools) -> Source:
    """The source of a kind that is not built in. Raises ConfigError."""
    kind = str(getattr(config, "kind", ""))
    place = f"sources.{name}"
    try:
        built: Source = plugged(GROUP, kind, Watching).build(name, config, tools)
    except Exception as error:  # noqa: BLE001 whatever a plug-in can raise
        raise ConfigError(place, [f"the plug-in of kind {kind} cannot build it: {described(error)}"]) from None
    missing = [wanted for wanted in _WANTED if not hasattr(built, wanted)]
    if missing:
        text = f"the plug-in of kind {kind} built a {type(built).__name__} without {', '.join(missing)}; mend it or remove it"
        raise ConfigError(place, [text])
    return built
