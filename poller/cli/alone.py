"""Following one job without a daemon: this process polls it, compares in memory, and keeps nothing."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio

from poller.cli.glimpse import Glimpse, See
from poller.core import diff as diffs
from poller.core.cadence import REFUSED_CAP, RETRY_CAP, retry_due
from poller.core.job import NEVER_SEEN, Known, Subject
from poller.core.message import cloud_event
from poller.core.reading import Absent, Denied, Failed, Reading, Refused, Seen, Target
from poller.core.vocabulary import CLASSES, StateClass
from poller.errors import PollerError

if TYPE_CHECKING:
    from poller.config import SourceConfig

ABSENCES_TO_BELIEVE = 2  # answers in a row that say "no such job" (FACTS.md)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What is known after a look at the job, and when the next is due (seconds)."""

    due_at: float
    known: Known = NEVER_SEEN
    digest: bytes | None = None
    failures: int = 0
    absences: int = 0
    trouble: str | None = None
    change: diffs.Change | None = None


async def poll_alone(name: str, table: "SourceConfig", job_id: str, see: See) -> None:
    """Until `see` has seen enough. Raises PollerError when the upstream will not answer, or has no such job."""
    from poller.host.clock import SystemClock
    from poller.net.guard import Policy
    from poller.net.session import Http
    from poller.sources import kinds

    every = {state_class: max(table.every.of(state_class), 1 / table.rate) for state_class in CLASSES}
    async with Http(Policy()) as http:
        source = kinds.build(name, table, http, SystemClock())
        subject = Subject(source=name, job_id=job_id, labels={}, classify=source.classify)
        look = Look(due_at=time.time())
        while True:
            reading = await source.fetch(Target(job_id=job_id, digest=None if look.known.missing else look.digest))
            look = after(look, reading, subject, every, now=time.time())
            if await see(_glimpse(look, subject)):
                return
            await anyio.sleep(max(1 / table.rate, look.due_at - time.time()))


def after(look: Look, reading: Reading, subject: Subject, every: Mapping[StateClass, float], *, now: float) -> Look:
    """What is known after this answer. A first answer that no patience changes raises PollerError."""
    interval = every[_class(look, subject)]
    match reading:
        case Seen(snapshot=snapshot, digest=digest):
            change = diffs.diff(look.known, snapshot, subject, now=now, first_sight="summary")
            then = Look(due_at=now, known=change.known, digest=digest, change=change)
            return replace(then, due_at=now + every[_class(then, subject)])
        case Absent(reason=reason):
            return _absent(look, reason, subject, interval, now=now)
        case Refused(reason=reason):
            return _failed(look, reason, interval, REFUSED_CAP, subject, final=True, now=now)
        case Denied(reason=reason, after=rest):
            return _failed(look, reason, interval, RETRY_CAP, subject, final=True, now=now, rest=rest)
        case Failed(reason=reason, after=rest):
            return _failed(look, reason, interval, RETRY_CAP, subject, now=now, rest=rest or 0.0)
        case _:
            return replace(look, due_at=now + interval, failures=0, absences=0, trouble=None, change=None)


def _absent(look: Look, reason: str, subject: Subject, interval: float, *, now: float) -> Look:
    absences = look.absences + 1
    due_at = retry_due(now=now, failures=absences, interval=interval, cap=REFUSED_CAP, spread=0.0)
    then = replace(look, due_at=due_at, absences=absences, failures=0, trouble=reason, change=None)
    if absences < ABSENCES_TO_BELIEVE:
        return then
    change = diffs.vanish(look.known, subject, now=now)
    return replace(then, known=change.known, change=change)


def _failed(
    look: Look,
    reason: str,
    interval: float,
    cap: float,
    subject: Subject,
    *,
    now: float,
    final: bool = False,
    rest: float = 0.0,
) -> Look:
    if final and look.known.snapshot is None:
        raise PollerError(f"{subject.source} {subject.job_id}: {reason}")
    failures = look.failures + 1
    due_at = retry_due(now=now, failures=failures, interval=interval, cap=cap, spread=0.0)
    return replace(look, due_at=max(due_at, now + rest), failures=failures, trouble=reason, change=None)


def _class(look: Look, subject: Subject) -> StateClass:
    return subject.classify(None if look.known.snapshot is None else look.known.snapshot.state)


def _glimpse(look: Look, subject: Subject) -> Glimpse:
    snapshot = look.known.snapshot
    name = None if snapshot is None else snapshot.fields.get("name")
    return Glimpse(
        name=name if isinstance(name, str) else None,
        state=None if snapshot is None else snapshot.state,
        state_class=_class(look, subject),
        state_since=look.known.state_since,
        fresh=snapshot is not None,
        events=() if look.change is None else tuple(cloud_event(event) for event in look.change.events),
        next_look_at=look.due_at,
        missing=look.known.missing,
        trouble=look.trouble,
    )
