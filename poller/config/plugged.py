"""Kinds that other packages bring, by entry points. They are looked for only when the file names a kind that is not built in."""

import importlib.metadata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, Final, Generic, TypeVar, get_args

from poller.config.problem import listed
from poller.config.table import Table
from poller.errors import ConfigError

NOTIFIERS: Final = "poller.notifiers"  # groups of entry points
SOURCES: Final = "poller.sources"
LONGEST_REASON: Final = 200  # characters of what a plug-in raised
TableT = TypeVar("TableT", bound=Table)
ToolsT = TypeVar("ToolsT")
BuiltT = TypeVar("BuiltT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind(Generic[TableT, ToolsT, BuiltT]):
    """What an entry point leads to: the table of the kind, and how the part is built from its name, its table and the tools."""

    table: type[TableT]
    build: Callable[[str, TableT, ToolsT], BuiltT]


def plugged_names(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """The kinds that installed packages bring, with the entry points of each: more than one is a mistake. Nothing is imported."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in importlib.metadata.entry_points(group=group):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def plugged(group: str, name: str, base: type[Table]) -> Kind[Any, Any, Any]:
    """The kind of this name, whose table is a `base`. Raises ValueError with the package and what is wrong with it."""
    first, *others = plugged_names(group)[name]
    if others:
        raise ValueError(
            f"found the kind {name} in several plug-ins: {listed(map(package_of, (first, *others)))}; remove all but one"
        )
    try:
        loaded = first.load()
    except Exception as error:  # noqa: BLE001 whatever an import can raise
        raise ValueError(f"{_named(first)} cannot be loaded ({described(error)}); mend it or remove it") from None
    fault = _fault(loaded, name, base)
    if fault is not None:
        raise ValueError(f"{_named(first)} is not of the form of a plug-in: {fault}")
    kind: Kind[Any, Any, Any] = loaded
    return kind


def build_plugged(group: str, name: str, config: Table, tools: object, wanted: Iterable[str]) -> Any:
    """What a plug-in builds from its table `config`; it has the attributes `wanted`. Raises ConfigError."""
    kind = str(getattr(config, "kind", ""))
    place = f"{group.rpartition('.')[2]}.{name}"
    try:
        built = plugged(group, kind, Table).build(name, config, tools)
    except Exception as error:  # noqa: BLE001 whatever a plug-in can raise
        raise ConfigError(place, [f"the plug-in of kind {kind} cannot build it: {described(error)}"]) from None
    missing = [one for one in wanted if not hasattr(built, one)]
    if missing:
        text = (
            f"the plug-in of kind {kind} built a {type(built).__name__} without {listed(missing)}; mend it or remove it"
        )
        raise ConfigError(place, [text])
    return built


def package_of(point: EntryPoint) -> str:
    """The package that an entry point is of, with its version."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def described(error: Exception) -> str:
    """What a plug-in raised, on one bounded line."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return "".join(char for char in words if char.isprintable())[:LONGEST_REASON]


def _named(point: EntryPoint) -> str:
    return f"found the kind {point.name} of the plug-in {package_of(point)}, which"


def _fault(loaded: object, name: str, base: type[Table]) -> str | None:
    if not isinstance(loaded, Kind):
        return f"its entry point leads to a {type(loaded).__name__}; expected a Kind of poller.plugins"
    table: Any = loaded.table
    build: Any = loaded.build
    if not isinstance(table, type) or not issubclass(table, base):
        return f"its table is no {base.__name__}; expected a subclass of it"
    field = table.model_fields.get("kind")
    if field is None or name not in get_args(field.annotation):
        return f'its table has no kind = "{name}"; expected the key kind: Literal["{name}"]'
    return None if callable(build) else "its build cannot be called; expected a function"
