"""Small jobs, logs and events for the tests."""

from collections.abc import Mapping, Sequence

from poller.core.diff import Change, FirstSight, diff
from poller.core.event import Event
from poller.core.job import NEVER_SEEN, Known, Subject
from poller.core.jsonvalue import Json
from poller.core.snapshot import Entry, Snapshot
from poller.core.vocabulary import avatar_vocabulary

NOON = 1_702_107_110.12  # 2023-12-09T07:31:50.120Z
SUBJECT = Subject(source="prod", job_id="efc5", labels={"team": "x"}, classify=avatar_vocabulary().classify)


def operation(second: int, kind: str | None, operator: str | None = "SYSTEM", **rest: Json) -> Entry:
    return Entry(family="operation", time=f"2023-12-09T07:31:{second:02d}Z", type=kind, operator=operator, rest=rest)


def comment(second: int, kind: str, **rest: Json) -> Entry:
    return Entry(family="comment", time=f"2023-12-09T07:31:{second:02d}Z", type=kind, rest=rest)


def snapshot(
    state: str | None = "TRAINING",
    *entries: Entry,
    fields: Mapping[str, Json] | None = None,
    doubtful: Sequence[str] = (),
) -> Snapshot:
    kept = {"name": "Test Name"} if fields is None else fields
    return Snapshot(state=state, fields=kept, entries=entries, doubtful=frozenset(doubtful))


def look(known: Known, seen: Snapshot, *, now: float = NOON, first_sight: FirstSight = "summary") -> Change:
    return diff(known, seen, SUBJECT, now=now, first_sight=first_sight)


def polled(
    looks: Sequence[Snapshot], *, known: Known = NEVER_SEEN, first_sight: FirstSight = "summary", since: float = NOON
) -> tuple[Known, list[Event]]:
    """What is known after these polls, ten seconds apart, and all that was told."""
    told: list[Event] = []
    for number, seen in enumerate(looks):
        change = look(known, seen, now=since + 10 * number, first_sight=first_sight)
        known = change.known
        told += change.events
    return known, told


def logged_event(kind: str = "SYSTEM_VERIFY_SUCCESS", *, fields: Mapping[str, Json] | None = None) -> Event:
    """An `operation_logged` event, made the way real ones are."""
    before = snapshot("MANUAL_VERIFYING", fields=fields)
    after = snapshot("MANUAL_VERIFYING", operation(43, kind), fields=fields)
    return polled([before, after])[1][-1]


def transitions(events: Sequence[Event]) -> list[str]:
    return [event.transition for event in events]
