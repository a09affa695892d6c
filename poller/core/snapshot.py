"""What one poll saw of a job, reduced to the fields that may be kept (INTERFACE.md section 6)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast

from poller.core.jsonvalue import Json, JsonObject

Family: TypeAlias = Literal["operation", "comment"]

LOGS: Final[Mapping[Family, str]] = {"operation": "operation_logs", "comment": "comment_logs"}
_TYPE_KEY: Final[Mapping[Family, str]] = {"operation": "log_type", "comment": "comment_type"}
# Shown even when absent, so that consumers see one shape (INTERFACE.md section 4).
_SHOWN: Final[Mapping[Family, JsonObject]] = {
    "operation": dict.fromkeys(
        ("operate_time", "log_type", "log_description", "operate_user", "error_code", "redo_reasons")
    ),
    "comment": dict.fromkeys(("operate_time", "comment_type", "comment_title", "comment_message")),
}


Identity: TypeAlias = tuple[Family, str | None, str | None, str | None]

_NOTHING_ELSE: Final[JsonObject] = MappingProxyType({})
_NO_DOUBT: Final[frozenset[str]] = frozenset()


class Entry(NamedTuple):
    """One entry of a job's log. The vendor gives no id: time, type and operator identify it (INTERFACE.md section 9).

    `rest` holds the other kept fields under the vendor's names, absent and null ones left out. A tuple: a poll with news makes and
    compares as many as the log has.
    """

    family: Family
    time: str | None
    type: str | None
    operator: str | None = None
    rest: JsonObject = _NOTHING_ELSE

    @property
    def identity(self) -> Identity:
        """What makes two sightings the same entry."""
        return self[:4]

    @property
    def has_gaps(self) -> bool:
        """Whether a part of its identity is absent, or could not be read."""
        return self.time is None or self.type is None or self.operator is None

    def as_json(self) -> dict[str, Json]:
        """The entry under the vendor's names, as it is stored: nothing that is absent."""
        family, time, kind, operator, rest = self
        stored: dict[str, Json] = {}
        if time is not None:
            stored["operate_time"] = time
        if kind is not None:
            stored[_TYPE_KEY[family]] = kind
        if operator is not None:
            stored["operate_user"] = operator
        stored.update(rest)
        return stored

    def as_shown(self) -> dict[str, Json]:
        """The entry as an event carries it: absent fields are null."""
        return {**_SHOWN[self.family], **self.as_json()}


class Snapshot(NamedTuple):
    """The kept part of one answer.

    `fields` holds every kept field but the state and the logs, null ones left out. `entries` may be text still (`core.written_log`).
    `doubtful` names what could not be read this time (a wrong type): it counts as unknown, not as gone. A tuple: a poll with news
    makes three.
    """

    state: str | None
    fields: JsonObject = _NOTHING_ELSE
    entries: Sequence[Entry] = ()
    doubtful: frozenset[str] = _NO_DOUBT

    def log(self, family: Family) -> list[Entry]:
        """The entries of one family, in the order in which the vendor gave them."""
        return [entry for entry in self.entries if entry.family == family]

    def plain(self) -> dict[str, Json]:
        """State and fields, without the logs."""
        return {"state": self.state, **self.fields}

    def as_json(self) -> dict[str, Json]:
        """The snapshot as it is stored: one flat object under the vendor's names."""
        logs = {LOGS[family]: [entry.as_json() for entry in self.log(family)] for family in LOGS}
        return {**self.plain(), **logs}


def entry_from_json(family: Family, value: JsonObject) -> Entry:
    """The inverse of `Entry.as_json`."""
    rest: dict[str, Any] = dict(value)
    take = rest.pop
    return Entry(family, take("operate_time", None), take(_TYPE_KEY[family], None), take("operate_user", None), rest)


def snapshot_from_json(value: JsonObject) -> Snapshot:
    """The inverse of `Snapshot.as_json`."""
    fields = dict(value)
    state = cast("str | None", fields.pop("state", None))
    logs = {family: cast("list[JsonObject]", fields.pop(key, [])) for family, key in LOGS.items()}
    entries = [entry_from_json(family, line) for family, lines in logs.items() for line in lines]
    return Snapshot(state=state, fields=fields, entries=tuple(entries))
