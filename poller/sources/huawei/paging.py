"""From the body of a list answer to a page of jobs, or why it is none. Pure."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from poller.core.reading import Absent, Failed, Listed, ListQuery, Page, Refused
from poller.core.snapshot import Snapshot
from poller.core.timestamps import parse_rfc3339
from poller.sources.huawei.keeping import PageKeeper

# What may stand in a path as it is, and be named on a command line. Anything else is no id that a job could be asked about by.
_JOB_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:~-]{0,199}")
_LONGEST_PLAIN: Final = 64
INSTANTS_KEPT: Final = 16_384  # creation times remembered; a sweep meets the same ones again

SnapshotOf: TypeAlias = Callable[[dict[str, Any], frozenset[str]], Snapshot]

_instant: Final = lru_cache(maxsize=INSTANTS_KEPT)(parse_rfc3339)


def read_page(body: bytes, query: ListQuery, keeper: PageKeeper, snapshot_of: SnapshotOf) -> Page | Failed:
    """The jobs of the page; an item without a usable job id is left out, as nobody could ask about it.

    More may follow a page that has as many items as were asked for, or that ends before `count`.
    """
    kept = keeper.page(body)
    if kept is None:
        return Failed(kind="nonsense", reason="the answer is not a page of jobs")
    seen_to = query.offset + kept.length
    total = seen_to if kept.total is None else kept.total
    full = kept.length >= query.limit or 0 < kept.length < total - query.offset
    pairs = zip(kept.items, kept.doubtful, strict=True)
    jobs = tuple([_listed(item, snapshot_of(item, unread)) for item, unread in pairs if _is_usable(item.get("job_id"))])
    return Page(jobs=jobs, total=total, full=full)


def no_list(absent: Absent) -> Refused:
    """A list that is not there is no job that is missing."""
    return Refused(reason=f"{absent.reason}: check the endpoint and the project id")


def _listed(item: dict[str, Any], snapshot: Snapshot) -> Listed:
    created = snapshot.fields.get("create_time")
    created_at = _instant(created) if isinstance(created, str) else None
    return Listed(job_id=item["job_id"], snapshot=snapshot, created_at=created_at)


def _is_usable(job_id: object) -> bool:
    if not isinstance(job_id, str):
        return False
    plain = job_id.isalnum() and job_id.isascii() and len(job_id) <= _LONGEST_PLAIN
    return plain or _JOB_ID.fullmatch(job_id) is not None
