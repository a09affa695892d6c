"""From the body of an answer to what is kept of it (INTERFACE.md section 6). Pure.

Most polls bring nothing new: hence a known digest ends the matter. What a digest covers is free of links, so that signing them
anew changes nothing.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from poller.core.jsonvalue import JsonObject
from poller.core.reading import Failed, ListQuery, Page, Same, Seen, Target
from poller.core.snapshot import LOGS, Entry, Family, Snapshot
from poller.sources.huawei.keeping import Keeper, Kept, PageKeeper
from poller.sources.huawei.paging import read_page
from poller.sources.metastudio.fields import FIELDS, LISTED

_EMPTY: Final[tuple[object, ...]] = ("", [])
_TYPE_KEY: Final[Mapping[Family, str]] = {"operation": "log_type", "comment": "comment_type"}

Decoded: TypeAlias = Same | Seen | Failed


class Wire:
    """Reads answers with the allow-list and `keep_fields`."""

    def __init__(self, keep_fields: tuple[str, ...] = ()) -> None:
        self.keeper = Keeper(FIELDS, keep_fields)
        self.page_keeper = PageKeeper(LISTED, "jobs", keep_fields)

    def read(self, body: bytes, target: Target) -> Decoded:
        """What the answer says about `target`; nonsense when it is no JSON object or not about that job."""
        kept = self.keeper.answer(body, target.digest)
        if kept is None:
            return _nonsense("the answer is not a JSON object")
        if kept.digest == target.digest:
            return Same()
        plain = kept.plain()
        fault = fault_of(plain, target)
        if fault is not None:
            return _nonsense(fault)
        return Seen(snapshot=_snapshot(plain, kept), digest=kept.digest)

    def read_page(self, body: bytes, query: ListQuery) -> Page | Failed:
        """The jobs on a list page."""
        return read_page(body, query, self.page_keeper, _listed)


def fault_of(plain: JsonObject, target: Target) -> str | None:
    """Why an answer is not about `target`; None when it is."""
    job_id = plain.get("job_id")
    if not job_id and not plain.get("state"):
        return "the answer has neither job_id nor state"
    return "the answer is about another job" if job_id and job_id != target.job_id else None


def _nonsense(reason: str) -> Failed:
    return Failed(kind="nonsense", reason=reason)


def _listed(item: dict[str, Any], doubtful: frozenset[str]) -> Snapshot:
    state = item.pop("state", None) or None
    return Snapshot(state=state, fields=item, doubtful=doubtful)


def _snapshot(plain: dict[str, Any], kept: Kept) -> Snapshot:
    state = plain.pop("state", None) or None
    logs = {family: cast("list[dict[str, Any]]", plain.pop(key, [])) for family, key in LOGS.items()}
    entries = tuple(entry for family, lines in logs.items() for line in lines if (entry := _entry(family, line)))
    return Snapshot(state=state, fields=plain, entries=entries, doubtful=frozenset(kept.doubtful))


def _entry(family: Family, line: dict[str, Any]) -> Entry | None:
    """None for a line without time and type: it could not be recognised at the next poll, and would be told again and again."""
    rest = line if all(line.values()) else {key: value for key, value in line.items() if value not in _EMPTY}
    take = rest.pop
    time, kind = take("operate_time", None), take(_TYPE_KEY[family], None)
    if time is None and kind is None:
        return None
    return Entry(family, time, kind, take("operate_user", None), rest)
