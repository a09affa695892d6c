"""From the body of an answer to what is kept of it (INTERFACE.md section 6). Pure.

Most polls bring nothing new: hence a known digest ends the matter. What a digest covers is free of links, so that signing them
anew changes nothing.
"""

from typing import Any, Final, TypeAlias

from poller.core.jsonvalue import JsonObject
from poller.core.reading import Failed, ListQuery, Page, Same, Seen, Target
from poller.core.snapshot import Snapshot
from poller.sources.huawei.keeping import Keeper, PageKeeper
from poller.sources.huawei.paging import read_page
from poller.sources.metastudio.fields import FIELDS, LISTED
from poller.sources.metastudio.logs import apart

Decoded: TypeAlias = Same | Seen | Failed
_SAME: Final = Same()


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
            return _SAME
        fields, log = apart(kept.encoded)
        fault = fault_of(fields, target)
        if fault is not None:
            return _nonsense(fault)
        state = fields.pop("state", None) or None
        snapshot = Snapshot(state=state, fields=fields, entries=log, doubtful=frozenset(kept.doubtful))
        return Seen(snapshot=snapshot, digest=kept.digest)

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
