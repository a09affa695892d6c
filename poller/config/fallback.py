"""Where `fallback` of the notifiers leads: to one that is there, and never back."""

from collections.abc import Iterable, Mapping

from poller.config.problem import Problem, found, listed, not_one_of


def falling_back(notifiers: object) -> Iterable[Problem]:
    """A problem for each fallback that names no notifier, and for each that leads back to where it began."""
    tables = notifiers if isinstance(notifiers, dict) else {}
    following = {str(name): _fallback(table) for name, table in tables.items()}
    for name, fallback in following.items():
        where = ("notifiers", name, "fallback")
        if not isinstance(fallback, str):
            continue
        if fallback not in tables:
            yield Problem(where=where, text=not_one_of(fallback, [other for other in tables if other != name]))
        elif name in (path := _path(fallback, following)):
            round_trip = " -> ".join((name, *path[: path.index(name) + 1]))
            text = (
                f"found {found(fallback)}, which leads back: {round_trip}; allowed: {listed(_others(name, following))}"
            )
            yield Problem(where=where, text=text)


def _fallback(table: object) -> object:
    return table.get("fallback") if isinstance(table, dict) else getattr(table, "fallback", None)


def _path(name: object, following: Mapping[str, object]) -> list[str]:
    """The notifiers that are passed from `name` on, each once."""
    path: list[str] = []
    while isinstance(name, str) and name in following and name not in path:
        path.append(name)
        name = following[name]
    return path


def _others(name: str, following: Mapping[str, object]) -> list[str]:
    """Those that do not lead to `name`."""
    return [other for other in following if name not in _path(other, following)]
