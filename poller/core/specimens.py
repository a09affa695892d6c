"""One event of every type, told by the core itself about one small life of a job.

They are the examples of docs/events.md, what templates are tried with when the file is read, and what the conformance suites of
`poller.testing` send. A new type of event adds its moment here.
"""

from collections.abc import Iterator, Sequence

from poller.core import notices
from poller.core.batch import Progress
from poller.core.diff import Change, diff, stuck, taken_up, tended, vanish
from poller.core.event import EVENT_TYPES, Event, EventType
from poller.core.job import NEVER_SEEN, Known, Subject
from poller.core.jsonvalue import Json
from poller.core.snapshot import Entry, Snapshot
from poller.core.stay import stay_of
from poller.core.tending import Step, Tending, stepped
from poller.core.timestamps import parse_rfc3339
from poller.core.validity import Ending
from poller.core.vocabulary import avatar_vocabulary

SUBJECT = Subject(
    source="prod",
    job_id="efc5300ecdba4ea48d1ff13a9d907bc0",
    labels={"team": "avatars"},
    classify=avatar_vocabulary().classify,
)
FIELDS: dict[str, Json] = {
    "job_id": SUBJECT.job_id,
    "name": "Test Name",
    "create_time": "2023-12-09T07:20:12Z",
    "batch_name": "spring-7",
}
SUBMITTED = Entry(family="operation", time="2023-12-09T07:21:05Z", type="USER_VERIFYING_SUBMITTED", operator="USER")
VERIFIED = Entry(family="operation", time="2023-12-09T07:31:43Z", type="SYSTEM_VERIFY_SUCCESS", operator="SYSTEM")
COMMENT = Entry(
    family="comment",
    time="2023-12-09T09:02:10Z",
    type="MANUAL_VERIFY",
    rest={"comment_title": "Review", "comment_message": "The light is good; the review is passed."},
)


HOUR = 3600.0
EARLIER = [3 * HOUR, 5.5 * HOUR, 8 * HOUR, 9 * HOUR, 20 * HOUR, 26 * HOUR, 30 * HOUR, 31 * HOUR]  # stays of other jobs
LIMIT = 24 * HOUR
NOTICED = "2023-12-10T07:31:54.600Z"  # that the job is longer than LIMIT in MANUAL_VERIFYING


def at(text: str) -> float:
    """Seconds since 1970."""
    return parse_rfc3339(text) or 0.0


def life_of_a_job() -> Iterator[Event]:
    """Each poll is the moment of the answer, the state, and the log so far; a state of None: there is no such job."""
    polls: Sequence[tuple[str, str | None, tuple[Entry, ...]]] = [
        ("2023-12-09T07:21:20.480Z", "AUTO_VERIFYING", (SUBMITTED,)),
        ("2023-12-09T07:31:50.120Z", "MANUAL_VERIFYING", (SUBMITTED, VERIFIED)),
        ("2023-12-09T09:03:31.007Z", "MANUAL_VERIFYING", (SUBMITTED, VERIFIED, COMMENT)),
        ("2023-12-11T16:40:02.900Z", "JOB_SUCCESS", (SUBMITTED, VERIFIED, COMMENT)),
        ("2023-12-12T08:15:44.310Z", "TRAINING", (SUBMITTED, VERIFIED, COMMENT)),
        ("2023-12-12T09:00:10.250Z", None, ()),
        ("2023-12-12T09:30:12.640Z", "TRAINING", (SUBMITTED, VERIFIED, COMMENT)),
        ("2023-12-12T18:05:31.200Z", "TRAIN_FAILED", (SUBMITTED, VERIFIED, COMMENT)),
    ]
    known = NEVER_SEEN
    for moment, state, log in polls:
        change: Change
        if state is None:
            change = vanish(known, SUBJECT, now=at(moment))
        else:
            seen = Snapshot(state=state, fields=FIELDS, entries=log)
            change = diff(known, seen, SUBJECT, now=at(moment), first_sight="summary")
        known = change.known
        yield from change.events
        if COMMENT in log and state == "MANUAL_VERIFYING":
            stay = stay_of(state, at(NOTICED) - known.state_since, limit=LIMIT, earlier=EARLIER)
            told = stuck(known, SUBJECT, stay, now=at(NOTICED))
            known = told.known
            yield from told.events
    yield from _until_someone_acts(known)


def _until_someone_acts(known: Known) -> Iterator[Event]:
    """A reminder a day after the failure, the escalation a day later, and then somebody takes care of it."""
    tending = Tending(opened_at=known.state_since, told_at=known.state_since)
    steps: Sequence[tuple[str, Step]] = [
        ("2023-12-13T18:05:35.410Z", "remind"),
        ("2023-12-14T18:05:35.730Z", "escalate"),
    ]
    for moment, step in steps:
        tending = stepped(tending, step, at(moment))
        change = tended(known, SUBJECT, step, tending, now=at(moment))
        known = change.known
        yield from change.events
    now = at("2023-12-15T06:12:48.050Z")
    yield from taken_up(known, SUBJECT, "alice", "new material is on its way", now=now).events


def notices_of_a_day() -> Iterator[Event]:
    """What the daemon noticed about a source, a batch and a notifier."""
    blind, seen = at("2023-12-10T02:14:07.300Z"), at("2023-12-10T02:31:55.815Z")
    reason = "HTTP 502 APIG.0201: backend unavailable"
    yield notices.source_blind("prod", reason, now=blind)
    yield notices.source_recovered("prod", reason, blind_since=blind, waiting=31, now=seen)
    ending = Ending(
        at=at("2023-12-10T09:30:00.000Z"),
        reason="no token for the user and password: HTTP 401: The username or password is wrong.",
    )
    yield notices.source_expiring("prod", ending, now=at("2023-12-10T09:00:01.250Z"))
    yield notices.source_renewed("prod", ending, now=at("2023-12-10T09:12:40.700Z"))
    yield notices.notifier_failing("backend", "HTTP 503", now=at("2023-12-10T10:40:21.300Z"))
    yield notices.notifier_disabled("backend", "HTTP 410 Gone", now=at("2023-12-10T11:05:00.120Z"))
    yield notices.notifier_recovered("backend", "HTTP 410 Gone", now=at("2023-12-10T11:42:18.404Z"))
    done = Progress(source="prod", batch_name="spring-7", classes={"done": 11, "failed": 1})
    yield notices.batch_done(done, 1, now=at("2023-12-15T14:20:06.500Z"))
    yield notices.test_event("backend", now=at("2023-12-09T07:00:00.000Z"))


def examples() -> dict[EventType, Event]:
    """One event of each type: the first that is told, in the order of the types."""
    told: dict[EventType, Event] = {}
    for event in (*life_of_a_job(), *notices_of_a_day()):
        told.setdefault(event.type, event)
    return {kind: told[kind] for kind in EVENT_TYPES}
