"""What an API's answers look like, as compiled expressions; and from a decoded answer to what is kept of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from poller.config.expression import Ast
from poller.core.jsonvalue import Json
from poller.core.snapshot import LOGS
from poller.sources.http_json.evaluating import UNREADABLE, Evaluator, Unreadable
from poller.sources.http_json.values import cut, instant, kept, word

MAX_ENTRIES: Final = 1000  # of one answer; beyond, the last ones count
LOG: Final = LOGS["operation"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogShape:
    """Where the log entries are, and what is told of each; None: not told."""

    entries: Ast
    time: Ast | None = None
    type: Ast | None = None
    text: Ast | None = None
    operator: Ast | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Where things are in the document about one job."""

    state: Ast
    id: Ast | None = None
    name: Ast | None = None
    log: LogShape | None = None
    keep: Mapping[str, Ast] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What was found: the job's id, what is kept under the names of a snapshot, and which of these could not be read."""

    job_id: str | None
    kept: dict[str, Json]
    doubtful: tuple[str, ...]


def look(document: object, shape: Shape, evaluator: Evaluator) -> Look:
    """All that `shape` names of `document`. A value of a wrong type is doubtful and costs nothing else."""
    found: dict[str, Json | Unreadable] = {"state": word(evaluator.find(shape.state, document))}
    if shape.name is not None:
        found["name"] = word(evaluator.find(shape.name, document))
    job_id = None if shape.id is None else word(evaluator.find(shape.id, document))
    lines, whole = _log(document, shape.log, evaluator)
    for name, ast in shape.keep.items():
        found[name] = kept(evaluator.find(ast, document))
    if lines:
        found[LOG] = lines
    good: dict[str, Json] = {
        name: value for name, value in found.items() if not isinstance(value, Unreadable) and value is not None
    }
    doubtful = [name for name, value in found.items() if isinstance(value, Unreadable)]
    return Look(
        job_id=None if isinstance(job_id, Unreadable) else job_id,
        kept=good,
        doubtful=tuple(doubtful if whole else [*doubtful, LOG]),
    )


def _log(document: object, shape: LogShape | None, evaluator: Evaluator) -> tuple[list[Json], bool]:
    """The entries that could be read, and whether that was all of them."""
    if shape is None:
        return [], True
    entries = evaluator.find(shape.entries, document)
    if entries is None:
        return [], True
    if not isinstance(entries, list):
        return [], False
    read = [_entry(entry, shape, evaluator) for entry in entries[-MAX_ENTRIES:] if entry is not None]
    whole = len(entries) <= MAX_ENTRIES and all(good for _, good in read)
    return [line for line, _ in read if line], whole


def _entry(entry: object, shape: LogShape, evaluator: Evaluator) -> tuple[dict[str, Json], bool]:
    def find(ast: Ast | None) -> object:
        return None if ast is None else evaluator.find(ast, entry)

    parts: dict[str, str | Unreadable | None] = {
        "operate_time": instant(find(shape.time)),
        "log_type": word(find(shape.type)),
        "operate_user": word(find(shape.operator)),
        "log_description": cut(find(shape.text)),
    }
    line: dict[str, Json] = {name: part for name, part in parts.items() if isinstance(part, str) and part}
    return line, UNREADABLE not in parts.values()
