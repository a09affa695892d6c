"""An event that was never recorded, from what an operator says of it: for `poller route test`."""

from collections.abc import Mapping
from typing import Any, Final

from poller.core.event import EVENT_TYPES, Event, EventType
from poller.core.vocabulary import CLASSES, avatar_vocabulary, voice_vocabulary
from poller.errors import UsageError

# What these names can only be; other names are states where the vocabulary has them, else entries of the operation log.
_TYPES: Final[Mapping[str, EventType]] = {
    "REMINDER": "poller.job.reminder",
    "ESCALATED": "poller.job.escalated",
    "ACKNOWLEDGED": "poller.job.acknowledged",
    "BATCH_DONE": "poller.batch.done",
    "FAILING": "poller.notifier.failing",
    "BLIND": "poller.source.blind",
    "RECOVERED": "poller.source.recovered",
    "EXPIRING": "poller.source.expiring",
    "RENEWED": "poller.source.renewed",
    "DISABLED": "poller.notifier.disabled",
    "WATCHED": "poller.job.watched",
    "REOPENED": "poller.job.reopened",
    "STUCK": "poller.job.stuck",
    "MISSING": "poller.job.missing",
    "FOUND": "poller.job.found",
    "TEST": "poller.test",
}


def imagined(transition: str, *, kind: str | None, source: str, job: Mapping[str, Any], operator: str | None) -> Event:
    """The event. `kind` is the end of a type, None to guess it; the job's state and class follow from the transition if they can.

    Raises UsageError.
    """
    event_type = _given_type(kind) if kind is not None else _guessed_type(transition)
    of_job = event_type.startswith("poller.job.")
    data = {
        "transition": transition,
        "job": _job(job, transition if event_type == "poller.job.state_changed" else None) if of_job else None,
        "operation": None if operator is None else {"log_type": transition, "operate_user": operator},
    }
    return Event(
        id="",
        type=event_type,
        transition=transition,
        source=source,
        subject=str(job["batch_name"] or "") if event_type == "poller.batch.done" else "",
        job_id="" if of_job else None,
        sequence=None,
        time="",
        observed_at=0.0,
        data=data,
    )


def _given_type(kind: str) -> EventType:
    found = [each for each in EVENT_TYPES if each == kind or each.endswith(f".{kind}")]
    if len(found) != 1:
        allowed = ", ".join(each.removeprefix("poller.") for each in found or EVENT_TYPES)
        raise UsageError(f"--type: found {kind!r}; expected one of {allowed}")
    return found[0]


def _guessed_type(transition: str) -> EventType:
    is_state = transition in {**avatar_vocabulary().classes, **voice_vocabulary().classes}
    return _TYPES.get(transition, "poller.job.state_changed" if is_state else "poller.job.operation_logged")


def _job(job: Mapping[str, Any], entered: str | None) -> Mapping[str, Any]:
    state = job["state"] or entered
    state_class = job["class"] or avatar_vocabulary().classify(state)
    if state_class not in CLASSES:
        raise UsageError(f"--class: found {state_class!r}; allowed: {', '.join(CLASSES)}")
    return {**job, "state": state, "class": state_class}
