"""Events without a job: what the daemon itself noticed about a source or a notifier, and the test event."""

from poller.core.batch import Progress
from poller.core.event import Event, EventType
from poller.core.jsonvalue import Json
from poller.core.message import event_id, summary
from poller.core.timestamps import rfc3339
from poller.core.validity import Ending


def source_blind(source: str, reason: str, *, now: float) -> Event:
    """A source cannot be read: one event for the source, none per job."""
    return _notice("poller.source.blind", "BLIND", source=source, subject=source, reason=reason, now=now)


def source_recovered(source: str, reason: str, *, blind_since: float, waiting: int | None = None, now: float) -> Event:
    """A blind source can be read again; `reason` is what it was blind for, `waiting` how many jobs were not asked about meanwhile
    though they were due: what they went through is told next, as they are asked about. A clock that was set back makes no negative time.
    """
    seconds = max(0.0, round(now - blind_since, 3))
    extra: dict[str, Json] = {"seconds_blind": seconds, "jobs_waiting": waiting}
    return _notice(
        "poller.source.recovered", "RECOVERED", source=source, subject=source, reason=reason, now=now, extra=extra
    )


def source_expiring(source: str, ending: Ending, *, now: float) -> Event:
    """The credential of a source still works, and ends soon: nothing new is to be had so far."""
    ends_at = rfc3339(ending.at)
    return _notice(
        "poller.source.expiring",
        "EXPIRING",
        source=source,
        subject=source,
        reason=f"the credentials end at {ends_at}: {ending.reason}",
        now=now,
        extra={"expires_at": ends_at},
    )


def source_renewed(source: str, ending: Ending, *, now: float) -> Event:
    """The credential of a source that was told to end is a newer one."""
    reason = f"newer credentials than those that end at {rfc3339(ending.at)}"
    return _notice("poller.source.renewed", "RENEWED", source=source, subject=source, reason=reason, now=now)


def batch_done(progress: Progress, completion: int, *, now: float) -> Event:
    """All jobs of a batch have ended, for the `completion`th time."""
    classes: dict[str, Json] = {name: progress.classes[name] for name in sorted(progress.classes)}
    counts = classes | ({"missing": progress.missing} if progress.missing else {})
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    batch: dict[str, Json] = {
        "batch_name": progress.batch_name,
        "jobs": progress.jobs,
        "classes": classes,
        "missing": progress.missing,
        "completion": completion,
    }
    event = _notice(
        "poller.batch.done",
        "BATCH_DONE",
        source=progress.source,
        subject=progress.batch_name,
        reason=f"{progress.jobs} jobs: {words}",
        now=now,
        extra={"batch": batch},
    )
    return event._replace(id=event_id("poller.batch.done", progress.source, progress.batch_name, completion))


def notifier_failing(notifier: str, reason: str, *, now: float) -> Event:
    """Many attempts in a row have failed; told through the other notifiers."""
    return _notice("poller.notifier.failing", "FAILING", source="", subject=notifier, reason=reason, now=now)


def notifier_disabled(notifier: str, reason: str, *, now: float) -> Event:
    """A receiver said that it is gone (HTTP 410); told through the other notifiers."""
    return _notice("poller.notifier.disabled", "DISABLED", source="", subject=notifier, reason=reason, now=now)


def notifier_recovered(notifier: str, reason: str, *, now: float) -> Event:
    """A notifier that was failing, or disabled and enabled again, has delivered."""
    return _notice("poller.notifier.recovered", "RECOVERED", source="", subject=notifier, reason=reason, now=now)


def test_event(notifier: str, *, now: float) -> Event:
    """What `poller notify test` sends."""
    reason = "poller notify test: no job has changed"
    return _notice("poller.test", "TEST", source="", subject=notifier, reason=reason, now=now)


def _notice(
    kind: EventType,
    transition: str,
    *,
    source: str,
    subject: str,
    reason: str,
    now: float,
    extra: dict[str, Json] | None = None,
) -> Event:
    observed = rfc3339(now)
    data: dict[str, Json] = {
        "transition": transition,
        "summary": summary(subject, transition, remark=reason),
        "source": source or None,
        "sequence": None,
        "observed_at": observed,
        "job": None,
        "operation": None,
        "previous_state": None,
        "seconds_in_previous_state": None,
        "reason": reason,
    }
    return Event(
        id=event_id(kind, subject, observed),
        type=kind,
        transition=transition,
        source=source,
        subject=subject,
        job_id=None,
        sequence=None,
        time=observed,
        observed_at=now,
        data=data | (extra or {}),
    )
