"""(what was known, what a poll saw) -> what is known now, and the events that tell the difference (INTERFACE.md section 5)."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from poller.core.event import Event
from poller.core.job import Known, Subject
from poller.core.jsonvalue import Json, JsonObject
from poller.core.merge import Fresh, merge_snapshots
from poller.core.snapshot import LOGS, Entry, Snapshot
from poller.core.stay import Stay
from poller.core.stories import (
    Story,
    acknowledged,
    commented,
    escalated,
    found,
    missing,
    operation_logged,
    reminder,
    reopened,
    state_changed,
    stuck_in,
    tell,
    watched,
)
from poller.core.tending import Step, Tending
from poller.core.timestamps import parse_rfc3339

FirstSight: TypeAlias = Literal["silent", "summary", "all"]

_NOTHING = Snapshot(state=None)


class Change(NamedTuple):
    """What a poll led to: the new `known`, the events in the order to tell them, and the kept fields that differ.

    `delta` is empty when nothing kept has changed; of the logs it holds the new or completed entries only.
    """

    known: Known
    events: tuple[Event, ...]
    delta: dict[str, Json]


def diff(
    known: Known, seen: Snapshot, subject: Subject, *, now: float, first_sight: FirstSight, looked: bool = True
) -> Change:
    """Compare one successful poll with what was known. Pure: the same arguments give the same events with the same ids.

    `looked` is whether the log was ever seen: a list page shows a job without it, so the first detail call is the first sight.
    """
    before = known.snapshot
    merged = merge_snapshots(before or _NOTHING, seen)
    after, first = merged.snapshot, before is None or not looked
    stories = _first_stories(after, merged.fresh, first_sight) if first else _entry_stories(merged.fresh)
    if before is not None:
        stories += _state_stories(before, after, known, subject, now)
    if known.missing:
        stories = [found(), *stories]
    moved = before is None or before.state != after.state
    then = Known(after, known.sequence, now if moved else known.state_since, known.counts)
    told, events = tell(stories, then, subject, now=now)
    return Change(known=told, events=events, delta=_delta(before, after, merged.moved))


def glance(known: Known, seen: Snapshot, *, now: float) -> Change:
    """The first look at a job by a list page: its state is known from now on, its log is not; nothing is told yet."""
    return Change(
        known=known._replace(snapshot=seen, state_since=now),
        events=(),
        delta=_delta(known.snapshot, seen, seen.entries),
    )


def vanish(known: Known, subject: Subject, *, now: float) -> Change:
    """The upstream has confirmed that the job does not exist. Told once until it is found again."""
    if known.missing:
        return Change(known=known, events=(), delta={})
    told, events = tell([missing()], known._replace(missing=True), subject, now=now)
    return Change(known=told, events=events, delta={})


def stuck(known: Known, subject: Subject, stay: Stay, *, now: float) -> Change:
    """The job is longer in its state than it should be. The caller sees to it that this is told once per stay."""
    told, events = tell([stuck_in(stay)], known, subject, now=now)
    return Change(known=told, events=events, delta={})


def tended(known: Known, subject: Subject, step: Step, tending: Tending, *, now: float) -> Change:
    """A reminder or the escalation; `tending` is as it is after it. The caller sees to it that each is told once."""
    state = known.snapshot.state if known.snapshot else None
    story = reminder(tending, state, now=now) if step == "remind" else escalated(tending, state, now=now)
    told, events = tell([story], known, subject, now=now)
    return Change(known=told, events=events, delta={})


def taken_up(known: Known, subject: Subject, author: str, comment: str | None, *, now: float) -> Change:
    """Somebody has acknowledged the job."""
    state = known.snapshot.state if known.snapshot else None
    told, events = tell([acknowledged(author, comment, state)], known, subject, now=now)
    return Change(known=told, events=events, delta={})


def _first_stories(after: Snapshot, fresh: Sequence[Fresh], first_sight: FirstSight) -> list[Story]:
    if first_sight == "silent":
        return []
    if first_sight == "summary":
        return [watched(after)]
    return [watched(after), *_entry_stories(fresh)]


def _state_stories(before: Snapshot, after: Snapshot, known: Known, subject: Subject, now: float) -> list[Story]:
    if before.state == after.state or after.state is None:
        return []
    stories = [state_changed(before.state, after.state, now - known.state_since)]
    if subject.classify(before.state) == "done" and subject.classify(after.state) != "done":
        stories.append(reopened(before.state))
    return stories


def _entry_stories(fresh: Sequence[Fresh]) -> list[Story]:
    ordered = sorted(fresh, key=_vendor_order) if len(fresh) > 1 else fresh
    return [operation_logged(new) if new.entry.family == "operation" else commented(new) for new in ordered]


def _vendor_order(new: Fresh) -> float:
    at = parse_rfc3339(new.entry.time)
    return math.inf if at is None else at


def _delta(before: Snapshot | None, after: Snapshot, moved: Sequence[Entry]) -> dict[str, Json]:
    if before is None:
        return after.plain() | _lines(moved)
    delta: dict[str, Json] = {}
    if before.state != after.state:
        delta["state"] = after.state
    if before.fields != after.fields:
        delta |= _moved_fields(before.fields, after.fields)
    return delta | _lines(moved) if moved else delta


def _moved_fields(old: JsonObject, new: JsonObject) -> dict[str, Json]:
    moved = {key: value for key, value in new.items() if key not in old or old[key] != value}
    return moved | {key: None for key in old if key not in new}


def _lines(moved: Sequence[Entry]) -> dict[str, Json]:
    """By log."""
    logs: dict[str, list[Json]] = {}
    for entry in moved:
        logs.setdefault(LOGS[entry.family], []).append(entry.as_json())
    return {**logs}
