"""From the bodies of a job and its log to what is kept of them (INTERFACE.md section 6). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, cast

import msgspec

from poller.core.reading import Failed, ListQuery, Page, Same, Seen, Target
from poller.core.snapshot import LOGS, Entry, Snapshot
from poller.sources.huawei.keeping import DIGEST_BYTES, Keeper, Kept, KeptPage, PageKeeper
from poller.sources.huawei.paging import read_page
from poller.sources.metastudio_voice.fields import FIELDS, OPERATION, TOLD_AS
from poller.sources.metastudio_voice.instants import instant

LOG: Final = LOGS["operation"]
_TIMES: Final = ("create_time", "lastupdate_time")
_encode: Final = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """The entries read of a job's log. `whole` is false when some could not be read, or the log itself could not."""

    lines: tuple[dict[str, Any], ...] = ()
    whole: bool = True


class Wire:
    """Reads answers with the allow-list and `keep_fields`."""

    def __init__(self, keep_fields: tuple[str, ...] = ()) -> None:
        self._keeper = Keeper(FIELDS, keep_fields)
        self._jobs = PageKeeper(FIELDS, "jobs", keep_fields)
        self._operations = PageKeeper(OPERATION, "operations")

    def read_job(self, body: bytes, target: Target) -> Kept | Failed:
        """What the detail answer says about `target`; nonsense when it is no JSON object or not about that job."""
        kept = self._keeper.answer(body)
        if kept is None:
            return _nonsense("the answer is not a JSON object")
        plain = kept.plain()
        job_id = plain.get("job_id")
        if not job_id and not plain.get("state"):
            return _nonsense("the answer has neither job_id nor state")
        return _nonsense("the answer is about another job") if job_id and job_id != target.job_id else kept

    def read_operations(self, body: bytes) -> KeptPage | Failed:
        """One page of a job's log."""
        return self._operations.page(body) or _nonsense("the answer is not a page of a log")

    def read_page(self, body: bytes, query: ListQuery) -> Page | Failed:
        """The jobs on a list page."""
        return read_page(body, query, self._jobs, _snapshot)


def log_of(pages: Sequence[KeptPage]) -> Log:
    """The log that its pages make."""
    whole = all(page.length == len(page.items) and not any(page.doubtful) for page in pages)
    return Log(lines=tuple(line for page in pages for line in page.items), whole=whole)


def reading_of(job: Kept, log: Log, target: Target, *, calls: int) -> Same | Seen:
    """Job and log together; `calls` is how many requests they took."""
    content = b"\n".join((job.digest, b"" if log.whole else LOG.encode(), _encode(log.lines)))
    digest = blake2b(content, digest_size=DIGEST_BYTES).digest()
    if digest == target.digest:
        return Same(calls=calls)
    doubtful = frozenset(job.doubtful) | (frozenset() if log.whole else {LOG})
    entries = tuple(entry for line in log.lines if (entry := _entry(line)))
    return Seen(snapshot=_snapshot(job.plain(), doubtful, entries), digest=digest, calls=calls)


def _snapshot(plain: dict[str, Any], doubtful: frozenset[str], entries: tuple[Entry, ...] = ()) -> Snapshot:
    state = plain.pop("state", None) or None
    times = {name: instant(plain.pop(name, None)) for name in _TIMES}
    tag = plain.pop("tag", None)
    fields = {TOLD_AS.get(name, name): value for name, value in plain.items()}
    fields |= {name: at for name, at in times.items() if at is not None}
    fields |= {"tags": [tag]} if tag else {}
    told = frozenset({"tags" if name == "tag" else TOLD_AS.get(name, name) for name in doubtful})
    return Snapshot(state=state, fields=fields, entries=entries, doubtful=told)


def _entry(line: dict[str, Any]) -> Entry | None:
    """None for a line without time and type: it could not be recognised at the next poll, and would be told again and again."""
    at, action = instant(line.get("time")), line.get("action") or None
    if at is None and action is None:
        return None
    reasons = cast("dict[str, str]", line.get("external_info") or {})
    said = "; ".join(reason for reason in reasons.values() if reason)
    rest = {"log_description": said} if said else {}
    return Entry(family="operation", time=at, type=action, operator=line.get("operator") or None, rest=rest)


def _nonsense(reason: str) -> Failed:
    return Failed(kind="nonsense", reason=reason)
