"""Events without a job: what the daemon itself noticed about a source or a notifier, and the test event."""

from poller.core.event import Event, EventType
from poller.core.jsonvalue import Json
from poller.core.message import event_id
from poller.core.timestamps import rfc3339


def source_blind(source: str, reason: str, *, now: float) -> Event:
    """A source cannot be read: one event for the source, none per job."""
    return _notice("poller.source.blind", "BLIND", source=source, subject=source, reason=reason, now=now)


def source_recovered(source: str, reason: str, *, blind_since: float, now: float) -> Event:
    """A blind source can be read again; `reason` is what it was blind for."""
    extra: dict[str, Json] = {"seconds_blind": round(now - blind_since, 3)}
    return _notice(
        "poller.source.recovered", "RECOVERED", source=source, subject=source, reason=reason, now=now, extra=extra
    )


def notifier_disabled(notifier: str, reason: str, *, now: float) -> Event:
    """A receiver said that it is gone (HTTP 410); told through the other notifiers."""
    return _notice("poller.notifier.disabled", "DISABLED", source="", subject=notifier, reason=reason, now=now)


def notifier_recovered(notifier: str, reason: str, *, now: float) -> Event:
    """A disabled notifier was enabled by an operator and has delivered again."""
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
        "summary": f"{subject}: {transition} ({reason})",
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
