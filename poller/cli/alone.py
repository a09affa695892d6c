"""Following one job without a daemon: this process polls it, judges the answers as the daemon does, and keeps nothing."""

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio

from poller.cli.glimpse import Glimpse, See
from poller.core.event import Event
from poller.core.job import NEVER_SEEN, Known
from poller.core.message import cloud_event
from poller.core.reading import Denied, Failed, Reading, Refused, Target
from poller.core.vocabulary import CLASSES
from poller.core.work import Due, Poll
from poller.engine.verdict import Outlook, Rules, conclude, needs_known
from poller.errors import PollerError

if TYPE_CHECKING:
    from poller.config import SourceConfig
    from poller.sources.ports import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What is known after a look at the job: `due` is what a daemon would have claimed for the next one."""

    due: Due
    known: Known = NEVER_SEEN
    trouble: str | None = None
    events: tuple[Event, ...] = ()


async def poll_alone(name: str, table: "SourceConfig", job_id: str, see: See) -> None:
    """Until `see` has seen enough. Raises PollerError when the upstream will not answer, or has no such job."""
    from poller.host.clock import SystemClock
    from poller.net.guard import Policy
    from poller.net.session import Http
    from poller.sources import kinds

    async with Http(Policy()) as http:
        source = kinds.build(name, table, http, SystemClock())
        rules, look = _rules(table, source), first_look(name, job_id)
        while True:
            reading = await source.fetch(Target(job_id=job_id, digest=None if look.known.missing else look.due.digest))
            look = after(look, reading, rules, now=time.time())
            if await see(_glimpse(look)):
                return
            await anyio.sleep(max(1 / table.rate, look.due.due_at - time.time()))


def first_look(source: str, job_id: str) -> Look:
    """Before the first answer."""
    return Look(
        due=Due(
            key=0,
            source=source,
            job_id=job_id,
            app_user_id=None,
            labels={},
            state=None,
            state_class="unknown",
            state_since=0.0,
            digest=None,
            revision=0,
            failures=0,
            absences=0,
            missing=False,
        )
    )


def after(look: Look, reading: Reading, rules: Rules, *, now: float) -> Look:
    """What is known after this answer. A first answer that no patience changes raises PollerError."""
    if look.known.snapshot is None and isinstance(reading, Refused | Denied):
        raise PollerError(f"{look.due.source} {look.due.job_id}: {reading.reason}")
    # Beside the daemon's polls stands a pace that throttling slows down: here the job itself backs off.
    judged = replace(reading, kind="outage") if isinstance(reading, Failed) else reading
    known = look.known if needs_known(look.due, judged) else None
    poll = conclude(look.due, judged, known, rules, Outlook(), now=now)
    asked = reading.after or 0.0 if isinstance(reading, Failed) else 0.0
    events = () if poll.change is None else tuple(told.event for told in poll.change.told)
    due = _due(look.due, poll, now=now, soonest=now + asked)
    return Look(
        due=due, known=look.known if poll.change is None else poll.change.known, trouble=poll.error, events=events
    )


def _due(due: Due, poll: Poll, *, now: float, soonest: float) -> Due:
    """As a store would have it after this poll."""
    then = due._replace(
        digest=poll.digest or due.digest,
        failures=poll.failures,
        absences=poll.absences,
        looked_at=due.looked_at if poll.seen_at is None else now,
        due_at=max(soonest, poll.due_at or 0.0),
    )
    if poll.change is None:
        return then
    known = poll.change.known
    state = None if known.snapshot is None else known.snapshot.state
    return then._replace(
        state=state,
        state_class=poll.change.state_class,
        state_since=known.state_since,
        missing=known.missing,
        revision=due.revision + 1,
    )


def _rules(table: "SourceConfig", source: "Source") -> Rules:
    return Rules(
        classify=source.classify,
        every={state_class: max(table.every.of(state_class), 1 / table.rate) for state_class in CLASSES},
        forget_done_after=math.inf,
        first_sight="summary",
        routes=(),
        notifiers=(),
    )


def _glimpse(look: Look) -> Glimpse:
    snapshot = look.known.snapshot
    name = None if snapshot is None else snapshot.fields.get("name")
    return Glimpse(
        name=name if isinstance(name, str) else None,
        state=look.due.state,
        state_class=look.due.state_class,
        state_since=look.known.state_since,
        fresh=snapshot is not None,
        events=tuple(cloud_event(event) for event in look.events),
        next_look_at=look.due.due_at,
        missing=look.known.missing,
        trouble=look.trouble,
    )
