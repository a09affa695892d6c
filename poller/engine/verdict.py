"""(a claimed job, what came of asking, what was known) -> what is to be recorded. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from poller.core import diff as diffs
from poller.core.cadence import REFUSED_CAP, RETRY_CAP, is_forgotten, next_due, retry_due
from poller.core.event import Event
from poller.core.job import Known, Subject
from poller.core.reading import Absent, Denied, Failed, Reading, Refused, Same, Seen
from poller.core.route import Route, recipients
from poller.core.vocabulary import StateClass
from poller.core.work import Change, Due, Poll, Told

ABSENCES_TO_BELIEVE = 2  # answers in a row that say "no such job" before it counts as missing (FACTS.md)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the configuration says about one source; durations in seconds."""

    classify: Callable[[str | None], StateClass]
    every: Mapping[StateClass, float]
    forget_done_after: float
    first_sight: diffs.FirstSight
    routes: Sequence[Route]
    notifiers: Sequence[str]

    def tell(self, event: Event) -> Told:
        """The event with those to whom it is owed."""
        return Told(event=event, notifiers=recipients(event, self.routes, self.notifiers))


def needs_known(due: Due, reading: Reading) -> bool:
    """Whether judging this reading takes a look at what is known of the job."""
    return isinstance(reading, Seen) or (isinstance(reading, Absent) and _is_missing_now(due))


def conclude(due: Due, reading: Reading, known: Known | None, rules: Rules, *, now: float, spread: float) -> Poll:
    """What is to be recorded. `known` is given where `needs_known`; `spread` is a random number from 0 to 1."""
    match reading:
        case Seen():
            return _seen(due, reading, known or Known(), rules, now=now, spread=spread)
        case Same():
            due_at = _after_success(due.state_class, due.state_since, rules, now, spread)
            return Poll(key=due.key, revision=due.revision, due_at=due_at, seen_at=now)
        case Absent():
            return _absent(due, reading, known, rules, now=now, spread=spread)
        case Refused(reason=reason):
            return _unread(due, reason, rules, now=now, cap=REFUSED_CAP, spread=spread)
        case Failed(kind="throttled", reason=reason, after=after):
            return _postponed(due, reason, now + (after or 0.0))
        case Failed(reason=reason):
            return _unread(due, reason, rules, now=now, cap=RETRY_CAP, spread=spread)
        case Denied(reason=reason, after=after):
            return _postponed(due, reason, now + after)


def _seen(due: Due, seen: Seen, known: Known, rules: Rules, *, now: float, spread: float) -> Poll:
    subject = _subject(due, rules)
    change = diffs.diff(known, seen.snapshot, subject, now=now, first_sight=rules.first_sight)
    state_class = rules.classify(change.known.snapshot.state if change.known.snapshot else None)
    return Poll(
        key=due.key,
        revision=due.revision,
        due_at=_after_success(state_class, change.known.state_since, rules, now, spread),
        seen_at=now,
        digest=seen.digest,
        change=_to_write(known, change, state_class, rules),
    )


def _absent(due: Due, reading: Absent, known: Known | None, rules: Rules, *, now: float, spread: float) -> Poll:
    change = None
    if known is not None:
        change = _to_write(known, diffs.vanish(known, _subject(due, rules), now=now), due.state_class, rules)
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


def _to_write(known: Known, change: diffs.Change, state_class: StateClass, rules: Rules) -> Change | None:
    if change.known == known:
        return None
    told = tuple(rules.tell(event) for event in change.events)
    return Change(known=change.known, state_class=state_class, delta=change.delta, told=told)


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
    state_class: StateClass, state_since: float, rules: Rules, now: float, spread: float
) -> float | None:
    if is_forgotten(
        now=now, state_class=state_class, state_since=state_since, forget_done_after=rules.forget_done_after
    ):
        return None
    return next_due(now=now, state_class=state_class, every=rules.every, spread=spread)


def _is_missing_now(due: Due) -> bool:
    return due.missing or due.absences + 1 >= ABSENCES_TO_BELIEVE


def _subject(due: Due, rules: Rules) -> Subject:
    return Subject(source=due.source, job_id=due.job_id, labels=due.labels, classify=rules.classify)
