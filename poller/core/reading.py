"""What came of asking a source about one job: values, so that every caller has to say what it does with each."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from poller.core.snapshot import Snapshot


class Target(NamedTuple):
    """The job to ask about. `digest` is that of the last answer: an equal one saves the decoding and the comparison.

    A tuple: one is made per poll.
    """

    job_id: str
    app_user_id: str | None = None
    digest: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Same:
    """The kept part of the answer is what it was last time. `calls` is how many requests it took."""

    calls: int = 1


class Seen(NamedTuple):
    """An answer whose kept part differs, at least in form, from the last one. `calls` is how many requests it took.

    A tuple: one is made per poll with news.
    """

    snapshot: Snapshot
    digest: bytes
    calls: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """The upstream says that there is no such job. Believed only when a second answer agrees (FACTS.md)."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The upstream will not answer about this job (403 and other 4xx); the source itself can be read."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """No usable answer this time: worth another try. `after` is what the upstream asked for, in seconds."""

    kind: Literal["throttled", "outage", "nonsense"]
    reason: str
    after: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Denied:
    """The credentials are not accepted: the source cannot be read at all. `after`: seconds until it may be tried again."""

    reason: str
    after: float


Reading: TypeAlias = Same | Seen | Absent | Refused | Failed | Denied


@dataclass(frozen=True, kw_only=True, slots=True)
class ListQuery:
    """One page of the upstream's list, by creation time, ascending. Times in seconds; empty criteria match all."""

    offset: int
    limit: int
    create_since: float | None = None
    states: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One job as a list page shows it: no logs. `snapshot` holds the kept fields of the page; `created_at` is None when unreadable."""

    job_id: str
    snapshot: Snapshot
    created_at: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A list page. `total` is how many jobs the whole list has, as far as the upstream says; `full` that more may follow."""

    jobs: tuple[Listed, ...]
    total: int
    full: bool


Listing: TypeAlias = Page | Refused | Failed | Denied
