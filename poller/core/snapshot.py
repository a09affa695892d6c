"""What one poll saw of a job, reduced to the fields that may be kept (INTERFACE.md section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast

from poller.core.jsonvalue import Json, JsonObject

Family: TypeAlias = Literal["operation", "comment"]

LOGS: Final[Mapping[Family, str]] = {"operation": "operation_logs", "comment": "comment_logs"}
_TYPE_KEY: Final[Mapping[Family, str]] = {"operation": "log_type", "comment": "comment_type"}
# Shown even when absent, so that consumers see one shape (INTERFACE.md section 4).
_SHOWN: Final[Mapping[Family, tuple[str, ...]]] = {
    "operation": ("operate_time", "log_type", "log_description", "operate_user", "error_code", "redo_reasons"),
    "comment": ("operate_time", "comment_type", "comment_title", "comment_message"),
}
_IDENTITY_KEYS: Final = ("operate_time", "log_type", "comment_type", "operate_user")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry of a job's log. The vendor gives no id: time, type and operator identify it (INTERFACE.md section 9).

    `rest` holds the other kept fields under the vendor's names, absent and null ones left out.
    """

    family: Family
    time: str | None
    type: str | None
    operator: str | None = None
    rest: JsonObject = field(default_factory=dict)

    @property
    def identity(self) -> tuple[Family, str | None, str | None, str | None]:
        """What makes two sightings the same entry."""
        return (self.family, self.time, self.type, self.operator)

    @property
    def has_gaps(self) -> bool:
        """Whether a part of its identity is absent, or could not be read."""
        return self.time is None or self.type is None or self.operator is None

    def as_json(self) -> dict[str, Json]:
        """The entry under the vendor's names, as it is stored: nothing that is absent."""
        named = {"operate_time": self.time, _TYPE_KEY[self.family]: self.type, "operate_user": self.operator}
        return {key: value for key, value in named.items() if value is not None} | dict(self.rest)

    def as_shown(self) -> dict[str, Json]:
        """The entry as an event carries it: absent fields are null."""
        stored = self.as_json()
        return {key: stored.get(key) for key in _SHOWN[self.family]} | stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The kept part of one answer.

    `fields` holds every kept field but the state and the logs, null ones left out. `doubtful` names what could not be read this
    time (a wrong type): it counts as unknown, not as gone.
    """

    state: str | None
    fields: JsonObject = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    doubtful: frozenset[str] = frozenset()

    def log(self, family: Family) -> list[Entry]:
        """The entries of one family, in the order in which the vendor gave them."""
        return [entry for entry in self.entries if entry.family == family]

    def as_json(self) -> dict[str, Json]:
        """The snapshot as it is stored: one flat object under the vendor's names."""
        logs = {LOGS[family]: [entry.as_json() for entry in self.log(family)] for family in LOGS}
        return {"state": self.state, **self.fields, **logs}


def entry_from_json(family: Family, value: JsonObject) -> Entry:
    """The inverse of `Entry.as_json`."""
    named = cast("Mapping[str, str | None]", value)
    return Entry(
        family=family,
        time=named.get("operate_time"),
        type=named.get(_TYPE_KEY[family]),
        operator=named.get("operate_user"),
        rest={key: item for key, item in value.items() if key not in _IDENTITY_KEYS},
    )


def snapshot_from_json(value: JsonObject) -> Snapshot:
    """The inverse of `Snapshot.as_json`."""
    entries = tuple(
        entry_from_json(family, item)
        for family, key in LOGS.items()
        for item in cast("list[JsonObject]", value.get(key, []))
    )
    fields = {key: item for key, item in value.items() if key != "state" and key not in LOGS.values()}
    return Snapshot(state=cast("str | None", value.get("state")), fields=fields, entries=entries)
