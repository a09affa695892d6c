"""One function for each kind of job event, and `tell`, which gives them their place in the job's sequence."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from poller.core.event import Event, EventType
from poller.core.job import Known, Subject
from poller.core.jsonvalue import Json, JsonObject
from poller.core.merge import Fresh
from poller.core.message import event_id, job_data, summary
from poller.core.snapshot import Entry, Snapshot
from poller.core.stay import Stay
from poller.core.tending import Tending
from poller.core.timestamps import parse_rfc3339, rfc3339

UNNAMED = "UNNAMED"  # the transition of a log entry whose type is absent or unreadable
_NOTHING_MORE: Final[JsonObject] = {}
_NEVER_SEEN: Final = Snapshot(state=None)


class Story(NamedTuple):
    """An event before it has a number and an id.

    `identity` and `occurrence` go into the id; `occurrence` is None for a transition that is counted in `Known.counts`.
    """

    type: EventType
    transition: str
    identity: tuple[str | None, ...] = ()
    occurrence: int | None = None
    time: str | None = None
    operator: str | None = None
    previous: str | None = None
    remark: str | None = None
    extra: JsonObject = _NOTHING_MORE


def watched(snapshot: Snapshot) -> Story:
    """First successful poll; carries the log so far."""
    operations = [entry.as_shown() for entry in snapshot.log("operation")]
    return Story(type="poller.job.watched", transition="WATCHED", occurrence=0, extra={"operations": operations})


def operation_logged(new: Fresh) -> Story:
    """An entry of `operation_logs` not seen before."""
    return _logged(new, "poller.job.operation_logged", "operation")


def commented(new: Fresh) -> Story:
    """An entry of `comment_logs` not seen before."""
    return _logged(new, "poller.job.commented", "comment")


def state_changed(before: str | None, after: str, stay: float) -> Story:
    """`state` differs from the last snapshot; `stay` is how long the previous state was observed, in seconds.

    A state that could not be read before has no previous one and no stay. A clock that was set back makes no negative stay.
    """
    seconds = None if before is None else max(0.0, round(stay, 3))
    extra: dict[str, Json] = {"previous_state": before, "seconds_in_previous_state": seconds}
    return Story(type="poller.job.state_changed", transition=after, identity=(after,), previous=before, extra=extra)


def reopened(before: str | None) -> Story:
    """A `done` job leaves that class."""
    return Story(type="poller.job.reopened", transition="REOPENED", extra={"previous_state": before})


def stuck_in(stay: Stay) -> Story:
    """Longer in a state than `stuck_after` says; once per stay."""
    return Story(type="poller.job.stuck", transition="STUCK", identity=(stay.state,), extra={"stuck": stay.as_json()})


def reminder(tending: Tending, state: str | None, *, now: float) -> Story:
    """Nobody has acted yet; `tending` is as it is after this reminder."""
    remark = f"reminder {tending.reminders}, {state or 'state unknown'}"
    return _tended("poller.job.reminder", "REMINDER", tending, state, remark, now)


def escalated(tending: Tending, state: str | None, *, now: float) -> Story:
    """Nobody has acted for long; told to others as well."""
    remark = f"nobody has acted, {state or 'state unknown'}"
    return _tended("poller.job.escalated", "ESCALATED", tending, state, remark, now)


def acknowledged(author: str, comment: str | None, state: str | None) -> Story:
    """Somebody takes care of the job."""
    extra: dict[str, Json] = {"acknowledged": {"author": author, "comment": comment, "state": state}}
    return Story(
        type="poller.job.acknowledged", transition="ACKNOWLEDGED", identity=(state,), operator=author, extra=extra
    )


def _tended(kind: EventType, transition: str, tending: Tending, state: str | None, remark: str, now: float) -> Story:
    extra: dict[str, Json] = {
        "tending": {
            "state": state,
            "opened_at": rfc3339(tending.opened_at),
            "seconds": round(max(0.0, now - tending.opened_at), 3),
            "reminders": tending.reminders,
            "escalated": tending.escalated_at is not None,
        }
    }
    return Story(type=kind, transition=transition, identity=(state,), remark=remark, extra=extra)


def missing() -> Story:
    """The upstream confirms by a detail call that the job does not exist."""
    return Story(type="poller.job.missing", transition="MISSING")


def found() -> Story:
    """A missing job exists again."""
    return Story(type="poller.job.found", transition="FOUND")


def tell(stories: Sequence[Story], known: Known, subject: Subject, *, now: float) -> tuple[Known, tuple[Event, ...]]:
    """Number the stories from the job's last event on. `known` is what is known after the poll."""
    if not stories:
        return known, ()
    counts = dict(known.counts)
    scene = _scene(known, subject, now)
    events: list[Event] = []
    for sequence, story in enumerate(stories, known.sequence + 1):
        occurrence = story.occurrence
        if occurrence is None:
            key = ":".join((story.type.rpartition(".")[2], *map(str, story.identity)))
            occurrence = counts.get(key, 0)
            counts[key] = occurrence + 1
        events.append(_event(story, occurrence, sequence, scene))
    told = Known(known.snapshot, known.sequence + len(events), known.state_since, counts, known.missing)
    return told, tuple(events)


def _logged(new: Fresh, kind: EventType, shown_as: str) -> Story:
    entry: Entry = new.entry
    return Story(
        type=kind,
        transition=entry.type or UNNAMED,
        identity=(entry.time, entry.type, entry.operator),
        occurrence=new.occurrence,
        time=entry.time,
        operator=entry.operator,
        extra={shown_as: entry.as_shown()},
    )


class _Scene(NamedTuple):
    """What the events of one poll have in common; `name` is what the job is called in a summary."""

    source: str
    job_id: str
    name: str
    job: Mapping[str, Json]
    now: float
    observed_at: str


def _scene(known: Known, subject: Subject, now: float) -> _Scene:
    snapshot = known.snapshot or _NEVER_SEEN
    state_class = subject.classify(snapshot.state)
    job = job_data(subject.job_id, snapshot.state, state_class, subject.labels, snapshot.fields)
    name = job["name"] if isinstance(job["name"], str) and job["name"] else subject.job_id
    return _Scene(subject.source, subject.job_id, name, job, now, rfc3339(now))


def _event(story: Story, occurrence: int, sequence: int, scene: _Scene) -> Event:
    kind, transition, identity, _, time, operator, previous, remark, extra = story
    source, job_id, name, job, now, observed_at = scene
    data: dict[str, Json] = {
        "transition": transition,
        "summary": summary(name, transition, operator=operator, previous=previous, remark=remark),
        "source": source,
        "sequence": sequence,
        "observed_at": observed_at,
        "job": job,
        "operation": None,
        "previous_state": None,
        "seconds_in_previous_state": None,
        **extra,
    }
    return Event(
        id=event_id(source, job_id, kind, *identity, occurrence),
        type=kind,
        transition=transition,
        source=source,
        subject=job_id,
        job_id=job_id,
        sequence=sequence,
        time=observed_at if time is None or parse_rfc3339(time) is None else time,
        observed_at=now,
        data=data,
    )
