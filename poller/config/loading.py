"""From a file to a `Config`, or to one `ConfigError` with every mistake in it."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from poller.config.apprise import places_of
from poller.config.database import Store
from poller.config.document import Config
from poller.config.exposure import exposures
from poller.config.secrecy import Surroundings
from poller.config.table import problems_of
from poller.errors import ConfigError

MAX_FILE_BYTES: Final = 1024 * 1024
SYSTEM_FILE: Final = Path("/etc/poller/poller.toml")
_LOCAL_FILE: Final = "poller.toml"
_POSITION: Final = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """What is needed to find a daemon's database and to show what is in it: the [store] table, and the names of the others.

    `kinds` are those of the sources, by name; one without a kind that is a text is left out.
    `recipients` are the addresses of the notifiers that have such.
    """

    store: Store
    sources: tuple[str, ...]
    kinds: Mapping[str, str]
    notifiers: tuple[str, ...]
    recipients: Mapping[str, tuple[str, ...]]


def look_for(
    explicit: Path | None, environ: Mapping[str, str], cwd: Path, *, system_file: Path = SYSTEM_FILE
) -> Path | None:
    """The file to read (INTERFACE.md section 2); None when none was named and none is there. A named one may be missing."""
    named = explicit or environ.get("POLLER_CONFIG")
    if named:
        return cwd / named
    return next((candidate for candidate in (cwd / _LOCAL_FILE, system_file) if candidate.exists()), None)


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path, *, system_file: Path = SYSTEM_FILE) -> Path:
    """The file to read. Raises ConfigError when none was named and none is there."""
    found = look_for(explicit, environ, cwd, system_file=system_file)
    if found is not None:
        return found
    text = f"found no configuration: neither --config, $POLLER_CONFIG, {cwd / _LOCAL_FILE} nor {system_file}; write one of them"
    raise ConfigError(_LOCAL_FILE, [text])


def load(path: Path, *, environ: Mapping[str, str], secrets: bool = True) -> Config:
    """The configuration in `path`, its secrets read. Without `secrets` those that are elsewhere are not looked up, and are empty: for
    commands that only show what the rest leads to. Raises ConfigError.
    """
    return parse(_read(path), environ=environ, place=str(path), folder=path.parent, secrets=secrets)


def load_and_inspect(path: Path, *, environ: Mapping[str, str]) -> tuple[Config, Sequence[str]]:
    """The configuration in `path`, and a sentence for each file with secrets that too many can read. Raises ConfigError."""
    around = Surroundings(environ=environ, folder=path.parent)
    return _parse(_read(path), around, str(path)), exposures(path, around)


def outline(path: Path | None, *, environ: Mapping[str, str]) -> Outline:
    """What commands read that need no credentials: those are not looked up, an operator's shell may not have them.

    The rest of the file is not checked either. None, no file at all, is every default. Raises ConfigError.
    """
    if path is None:
        return Outline(store=parse("", environ=environ).store, sources=(), kinds={}, notifiers=(), recipients={})
    place = str(path)
    raw = _toml(_read(path), place)
    stored = {name: table for name, table in raw.items() if name == "store"}
    try:
        store = Config.model_validate(stored, context=Surroundings(environ=environ, folder=path.parent)).store
    except ValidationError as error:
        problems = problems_of(error)
        raise ConfigError(place, [problem.line() for problem in problems]) from None
    sources, notifiers = raw.get("sources"), raw.get("notifiers")
    return Outline(
        store=store,
        sources=_names(sources),
        kinds=_kinds(sources),
        notifiers=_names(notifiers),
        recipients={name: found for name in _names(notifiers) if (found := _recipients(notifiers, name))},
    )


def _names(table: object) -> tuple[str, ...]:
    return tuple(table) if isinstance(table, dict) else ()


def _kinds(sources: object) -> dict[str, str]:
    tables = sources.items() if isinstance(sources, dict) else ()
    kinds = {name: table.get("kind") for name, table in tables if isinstance(table, dict)}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, str)}


def _recipients(notifiers: Any, name: str) -> tuple[str, ...]:
    table = notifiers[name]
    urls = table.get("urls") if isinstance(table, dict) else None
    if isinstance(urls, list):
        return places_of(urls)
    written = table.get("to") if isinstance(table, dict) else None
    return tuple(one for one in written if isinstance(one, str)) if isinstance(written, list) else ()


def parse(
    text: str,
    *,
    environ: Mapping[str, str],
    place: str = "configuration",
    folder: Path | None = None,
    secrets: bool = True,
) -> Config:
    """The configuration that `text` is. `place` names it in errors; relative secret files are below `folder`. Raises ConfigError."""
    return _parse(text, Surroundings(environ=environ, folder=folder or Path(), look_up=secrets), place)


def _parse(text: str, around: Surroundings, place: str) -> Config:
    try:
        return Config.model_validate(_toml(text, place), context=around)
    except ValidationError as error:
        problems = problems_of(error)
    raise ConfigError(place, [problem.line() for problem in problems])


def _read(path: Path) -> str:
    place = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(place, ["the file does not exist; write it, or name another with --config FILE"]) from None
    except IsADirectoryError:
        raise ConfigError(place, ["this is a directory; name the file in it with --config FILE"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise ConfigError(
            place, [f"the file cannot be read ({reason}); expected one that poller's user may read"]
        ) from None
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(
            place, ["the file is larger than 1 MiB; add jobs with `poller jobs add` instead of listing them here"]
        )
    return _decode(content, place)


def _decode(content: bytes, place: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError(
            place, [f"line {line}, byte {column}: found bytes that are not UTF-8; save the file as UTF-8"]
        ) from None


def _toml(text: str, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, [_syntax(str(error), text)]) from None
    except RecursionError:
        raise ConfigError(place, ["found tables or lists nested too deep to read; flatten them"]) from None
    except ValueError:
        raise ConfigError(place, ["found a number with too many digits to read; shorten it"]) from None


def _syntax(message: str, text: str) -> str:
    """Where the file stops being TOML. The parser's words may cite a key or one character, never a value."""
    match = _POSITION.fullmatch(message)
    what = match[1] if match else message
    line, column = (match[2], match[3]) if match and match[2] else (text.count("\n") + 1, len(text) - text.rfind("\n"))
    return f"line {line}, column {column}: not valid TOML: {what}; strings stand in quotes, tables in [brackets], one key to a line"
