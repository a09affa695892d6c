"""An honest teller for the tests of the receiver and the audit: polls a world on a still clock and tells what it sees."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from poller.core.diff import FirstSight, diff, glance, vanish
from poller.core.event import Event
from poller.core.job import NEVER_SEEN, Known, Subject
from poller.core.message import body
from poller.core.snapshot import Entry, Snapshot
from poller.core.vocabulary import StateClass
from poller.simulator.receiver import Arrival
from poller.simulator.told import read_event
from poller.simulator.world import World
from tests.simulator.calls import StillClock

DELIVERY = 0.25
"""Seconds from a poll to the acceptance of what it told."""


def classify(state: str | None) -> StateClass:
    """All that telling needs to know of classes: which states are done."""
    return "done" if state in {"JOB_SUCCESS", "JOB_FINISH"} else "active"


def snapshot_of(document: dict[str, Any]) -> Snapshot:
    """The kept part of a good answer, as far as these tests need it."""
    operations = tuple(
        Entry(family="operation", time=line["operate_time"], type=line["log_type"], operator=line["operate_user"])
        for line in document["operation_logs"]
    )
    comments = tuple(
        Entry(family="comment", time=line["operate_time"], type=line["comment_type"])
        for line in document["comment_logs"]
    )
    return Snapshot(state=document["state"], fields={"name": document["name"]}, entries=operations + comments)


class Teller:
    """Polls every job of `world`; `arrivals` is what an audit gets."""

    def __init__(self, world: World, clock: StillClock, first_sight: FirstSight = "all") -> None:
        self.world = world
        self.clock = clock
        self.first_sight: FirstSight = first_sight
        self.arrivals: list[Arrival] = []
        self._known: dict[str, Known] = {}
        self._looked: set[str] = set()

    def glance(self) -> None:
        """One look at a list page of all jobs."""
        for job_id in self.world.ids():
            seen = snapshot_of(json.loads(b"".join(self.world.detail(job_id) or [b"{}"])))
            self._known[job_id] = glance(NEVER_SEEN, seen._replace(entries=()), now=self.clock()).known

    def poll(self) -> Sequence[Event]:
        """One look at each job there is or was."""
        events = [event for job_id in {*self.world.ids(), *self._known} for event in self._look(job_id)]
        self.arrivals += [arrival(body(event), self.clock() + DELIVERY) for event in events]
        return events

    def live(self, seconds: float, every: float) -> None:
        """Polls for a while."""
        for _ in range(int(seconds / every)):
            self.clock.now += every
            self.poll()

    def _look(self, job_id: str) -> Sequence[Event]:
        known = self._known.get(job_id, NEVER_SEEN)
        subject = Subject(source="prod", job_id=job_id, labels={}, classify=classify)
        template = self.world.detail(job_id)
        if template is None:
            change = vanish(known, subject, now=self.clock())
        else:
            seen = snapshot_of(json.loads(b"".join(template)))
            looked = job_id in self._looked
            change = diff(known, seen, subject, now=self.clock(), first_sight=self.first_sight, looked=looked)
            self._looked.add(job_id)
        self._known[job_id] = change.known
        return change.events


def arrival(sent: bytes, at: float, *, accepted: bool = True) -> Arrival:
    """As the receiver remembers a verified request."""
    event = read_event(sent)
    return Arrival(at=at, id=event.id, body=sent, event=event, accepted=accepted)


def edited(original: Arrival, *, envelope: dict[str, Any] | None = None, **data: Any) -> Arrival:
    """The same arrival with another content."""
    document = json.loads(original.body)
    document |= envelope or {}
    document["data"] |= data
    if "sequence" in data:
        document["sequence"] = f"{data['sequence']:010d}"
    return replace(arrival(json.dumps(document).encode(), original.at), accepted=original.accepted)
