"""(a claimed job, what came of asking, what was known) -> what is to be recorded. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from poller.core import diff as diffs
from poller.core.addressing import addressed
from poller.core.cadence import REFUSED_CAP, RETRY_CAP, is_forgotten, is_urgent, next_due, retry_due
from poller.core.care import care
from poller.core.event import Event
from poller.core.job import Known, Subject
from poller.core.reading import Absent, Denied, Failed, Listed, Reading, Refused, Same, Seen
from poller.core.rotation import PRIOR_ENTRIES, PRIOR_SECONDS, interval
from poller.core.route import Route
from poller.core.timestamps import parse_rfc3339
from poller.core.vocabulary import StateClass
from poller.core.work import Change, Due, Met, Poll, Standing, Told

PRIOR_RATE = PRIOR_ENTRIES / PRIOR_SECONDS  # log entries a second, of a job of which nothing is known
_SHOWN = frozenset({"state", "name", "batch_name", "create_time"})  # the fields that lists of jobs are made of
ABSENCES_TO_BELIEVE = 2  # answers in a row that say "no such job" before it counts as missing (FACTS.md)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the configuration says about one source; durations in seconds.

    `follow` names kept fields that hold the id of a job of another source, with that source: it is watched from then on.
    `tended` are the routes that go on telling until someone acts, by their lasting names.
    """

    classify: Callable[[str | None], StateClass]
    every: Mapping[StateClass, float]
    forget_done_after: float
    first_sight: diffs.FirstSight
    routes: Sequence[Route]
    notifiers: Sequence[str]
    stuck_after: Mapping[str, float] = field(default_factory=dict)
    follow: Mapping[str, str] = field(default_factory=dict)
    tended: Mapping[str, Route] = field(default_factory=dict)

    def tell(self, event: Event) -> Told:
        """The event with those to whom it is owed."""
        return addressed(event, self.routes, self.notifiers)


class Outlook(NamedTuple):
    """What decides when a job is looked at next beside its class: the rate of log entries (a second) to expect of it at an instant as
    it is after the poll, the threshold of the rotation (`core.rotation`), and since when its source is watched (seconds).
    """

    rate: Callable[[Due | Standing, float], float] = lambda _, __: PRIOR_RATE
    threshold: float = 0.0
    began: float | None = None


def needs_known(due: Due, reading: Reading) -> bool:
    """Whether judging this reading takes a look at what is known of the job."""
    return isinstance(reading, Seen) or (isinstance(reading, Absent) and _is_missing_now(due))


def conclude(
    due: Due, reading: Reading, known: Known | None, rules: Rules, outlook: Outlook, *, now: float, spread: float = 0.0
) -> Poll:
    """What is to be recorded. `known` is given where `needs_known`; `spread` is a random number from 0 to 1."""
    match reading:
        case Seen():
            return _seen(due, reading, known or Known(), rules, outlook, now=now, spread=spread)
        case Same():
            rate = outlook.rate(due, now)
            every = interval(rate, rules.every[due.state_class], outlook.threshold)
            due_at = _after_success(due.state_class, due.state_since, rules, now, every=every, spread=spread)
            return Poll(key=due.key, revision=due.revision, due_at=due_at, seen_at=now, entry_rate=rate)
        case Absent():
            return _absent(due, reading, known, rules, now=now, spread=spread)
        case Refused(reason=reason):
            return _unread(due, reason, rules, now=now, cap=REFUSED_CAP, spread=spread)
        case Failed(kind="throttled", reason=reason, after=after):
            # One that a sweep has put first stays first: the pace of the source keeps it from being asked about too soon.
            return _postponed(due, reason, due.due_at if is_urgent(due.due_at, now) else now + (after or 0.0))
        case Failed(reason=reason):
            return _unread(due, reason, rules, now=now, cap=RETRY_CAP, spread=spread)
        case Denied(reason=reason, after=after):
            return _postponed(due, reason, now + after)


def first_glance(met: Met, listed: Listed, rules: Rules, *, now: float) -> Poll:
    """What is to be recorded of a job that was never looked at, from a list page: its state. Its log is still to be read, at once."""
    change = diffs.glance(Known(), listed.snapshot, now=now)
    state_class = rules.classify(listed.snapshot.state)
    written = Change(known=change.known, state_class=state_class, delta=change.delta, told=())
    return Poll(key=met.key, revision=met.revision, due_at=now, seen_at=None, change=written, claimed=False)


def _seen(due: Due, seen: Seen, known: Known, rules: Rules, outlook: Outlook, *, now: float, spread: float) -> Poll:
    first_sight = _first_sight(due, seen, rules, outlook)
    looked = due.looked_at is not None
    change = diffs.diff(known, seen.snapshot, _subject(due, rules), now=now, first_sight=first_sight, looked=looked)
    state = change.known.snapshot.state if change.known.snapshot else None
    state_class = rules.classify(state)
    families = [event.family for event in change.events]
    entries = families.count("operation") + families.count("comment")
    quiet = 0 if "state" in families else due.quiet_entries + (entries if looked else 0)
    state_since = change.known.state_since
    rate = outlook.rate(Standing(state, state_since, due.first_looked_at, quiet), now)
    every = interval(rate, rules.every[state_class], outlook.threshold)
    return Poll(
        key=due.key,
        revision=due.revision,
        due_at=_after_success(state_class, state_since, rules, now, every=every, spread=spread),
        seen_at=now,
        digest=seen.digest,
        change=_to_write(known, change, due.state_class, state_class, rules, now),
        entry_rate=rate,
        quiet_entries=quiet,
    )


def _first_sight(due: Due, seen: Seen, rules: Rules, outlook: Outlook) -> diffs.FirstSight:
    """A job that was found by discovery and is younger than the watch is told from its beginning."""
    created = seen.snapshot.fields.get("create_time")
    if not due.discovered or outlook.began is None or not isinstance(created, str):
        return rules.first_sight
    created_at = parse_rfc3339(created)
    return "all" if created_at is not None and created_at >= outlook.began else rules.first_sight


def _absent(due: Due, reading: Absent, known: Known | None, rules: Rules, *, now: float, spread: float) -> Poll:
    change = None
    if known is not None:
        vanished = diffs.vanish(known, _subject(due, rules), now=now)
        change = _to_write(known, vanished, due.state_class, due.state_class, rules, now)
    absences = due.absences + 1
    interval = rules.every[due.state_class]
    return Poll(
        key=due.key,
        revision=due.revision,
        due_at=retry_due(now=now, failures=absences, interval=interval, cap=REFUSED_CAP, spread=spread),
        seen_at=None,
        absences=absences,
        error=reading.reason,
        change=change,
    )


def _to_write(
    known: Known, change: diffs.Change, before: StateClass, state_class: StateClass, rules: Rules, now: float
) -> Change | None:
    if not change.events and change.known == known:
        return None
    told = tuple([rules.tell(event) for event in change.events])
    follow = tuple(_followed(change, rules)) if rules.follow else ()
    state = change.known.snapshot.state if change.known.snapshot else None
    tended = care(
        rules.tended,
        change.events,
        state,
        state_class,
        moved=state != (known.snapshot.state if known.snapshot else None),
        now=now,
    )
    return Change(
        known=change.known,
        state_class=state_class,
        delta=change.delta,
        told=told,
        follow=follow,
        tended=tended,
        only_log=state_class == before and _has_only_grown(known, change),
    )


def _has_only_grown(known: Known, change: diffs.Change) -> bool:
    """Whether nothing but the log has moved; what was never seen, or was missing before or is now, has moved in any case."""
    missing = known.missing or change.known.missing
    return known.snapshot is not None and not missing and _SHOWN.isdisjoint(change.delta)


def _followed(change: diffs.Change, rules: Rules) -> Iterator[tuple[str, str]]:
    for name, source in rules.follow.items():
        job_id = change.delta.get(name)
        if isinstance(job_id, str) and job_id:
            yield source, job_id


def _unread(due: Due, reason: str, rules: Rules, *, now: float, cap: float, spread: float) -> Poll:
    failures = due.failures + 1
    interval = rules.every[due.state_class]
    return Poll(
        key=due.key,
        revision=due.revision,
        due_at=retry_due(now=now, failures=failures, interval=interval, cap=cap, spread=spread),
        seen_at=None,
        failures=failures,
        absences=due.absences,
        error=reason,
    )


def _postponed(due: Due, reason: str, due_at: float) -> Poll:
    """The source is at fault, not the job: it stays due and its own failures are not counted."""
    return Poll(
        key=due.key,
        revision=due.revision,
        due_at=due_at,
        seen_at=None,
        failures=due.failures,
        absences=due.absences,
        error=reason,
    )


def _after_success(
    state_class: StateClass, state_since: float, rules: Rules, now: float, *, every: float, spread: float
) -> float | None:
    if is_forgotten(
        now=now, state_class=state_class, state_since=state_since, forget_done_after=rules.forget_done_after
    ):
        return None
    return next_due(now=now, every=every, spread=spread)


def _is_missing_now(due: Due) -> bool:
    return due.missing or due.absences + 1 >= ABSENCES_TO_BELIEVE


def _subject(due: Due, rules: Rules) -> Subject:
    return Subject(source=due.source, job_id=due.job_id, labels=due.labels, classify=rules.classify)
