"""What a mail says of an event, as plain values for the templates. Pure.

The words are the upstream's and its users': each text is one bounded line of printable characters, whatever it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from poller.core.event import Event
from poller.core.jsonvalue import Json
from poller.core.message import one_line
from poller.core.spans import span
from poller.core.timestamps import parse_rfc3339, rfc3339
from poller.core.vocabulary import StateClass, avatar_vocabulary, voice_vocabulary

LONGEST: Final = 1000  # characters of a text
LONGEST_NAME: Final = 150  # of a name, in subjects and tables
SHORT: Final = 200  # of a text in a line of a digest
ENTRIES: Final = 10  # log entries of a `watched` event that are shown, the newest

CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    "active": ("active", "Machines work or queue; nobody has to act."),
    "waiting_on_us": ("waiting on us", "Somebody on our side has to act."),
    "waiting_on_vendor": ("waiting on the vendor", "The vendor's staff has to act."),
    "failed": ("failed", "It has stopped; somebody has to look at it."),
    "done": ("done", "It has ended; nobody has to act."),
    "unknown": ("unknown", "The vendor does not document this state."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One event for a reader. `tone` is the class of the job's state, or `trouble`, `good` or `plain` for an event without a job.

    `happened` is a sentence, `state` and `meaning` say how the job is now, `facts` are names and values, `entries` a log, `hint` is
    a command that shows more. Texts that have nothing to say are empty.
    """

    source: str
    subject: str
    transition: str
    happened: str
    time: str
    tone: str
    state: str = ""
    class_name: str = ""
    job_id: str = ""
    meaning: str = ""
    batch: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    entries: tuple[str, ...] = ()
    hint: str = ""


def story(event: Event) -> Story:
    """The event for a reader."""
    job = _table(event.data.get("job"))
    if not job:
        return _story_of_us(event)
    state_class = cast("StateClass", job.get("class") or "unknown")
    named, acting = CLASSES.get(state_class, CLASSES["unknown"])
    return Story(
        source=_name(event.source),
        subject=_name(job.get("name") or event.subject),
        transition=_name(event.transition),
        happened=_happened(event),
        time=shown_time(event.time),
        tone=state_class if state_class in CLASSES else "unknown",
        state=_name(job.get("state")) or "not known",
        class_name=named,
        job_id=_name(event.subject),
        meaning=" ".join(part for part in (_meaning(job.get("state"), state_class), acting) if part),
        batch=_name(job.get("batch_name")),
        facts=tuple((name, text) for name, value in _job_facts(event, job) if (text := _text(value))),
        entries=tuple(_entries(event)),
        hint=f"poller jobs explain {_name(event.source)} {_name(event.subject)}",
    )


def note(event: Event) -> str:
    """What a line of a digest says beside the transition; empty when the transition says it all."""
    operation, said = _table(event.data.get("operation")), _table(event.data.get("comment"))
    who = _name(operation.get("operate_user"))
    parts = (
        f"from {_name(event.data['previous_state'])}" if event.data.get("previous_state") else "",
        f"by {who}" if who else "",
        _text(operation.get("log_description"), SHORT),
        _text(operation.get("error_code"), SHORT),
        _text(operation.get("redo_reasons"), SHORT),
        _text(said.get("comment_message"), SHORT),
        _text(event.data.get("reason"), SHORT),
    )
    return " · ".join(part for part in parts if part)


def _story_of_us(event: Event) -> Story:
    """What was noticed about a source or a notifier."""
    failed = _table(_table(event.data.get("batch")).get("classes")).get("failed")
    tones = {"RECOVERED": "good", "RENEWED": "good", "TEST": "plain", "BATCH_DONE": "failed" if failed else "done"}
    hints = {
        "source": "poller check --online",
        "batch": "poller batches",
        "notifier": "poller deliveries list --notifier " + _name(event.subject),
    }
    return Story(
        source=_name(event.source) or "poller",
        subject=_name(event.subject),
        transition=_name(event.transition),
        happened=_happened(event),
        time=shown_time(event.time),
        tone=tones.get(event.transition, "trouble"),
        facts=tuple((name, text) for name, value in _own_facts(event) if (text := _text(value))),
        hint=hints.get(event.family, ""),
    )


def _happened(event: Event) -> str:
    """One sentence."""
    data = event.data
    match event.type:
        case "poller.job.state_changed":
            after = _span(data.get("seconds_in_previous_state"))
            previous = _name(data.get("previous_state"))
            return f"The state changed from {previous or 'none'}{f' after {after}' if after else ''}."
        case "poller.job.operation_logged":
            who = _name(_table(data.get("operation")).get("operate_user"))
            return f"A new entry in the log of the job{f', by {who}' if who else ''}."
        case "poller.job.commented":
            return "A new comment on the job."
        case "poller.job.stuck":
            return _stuck(_table(data.get("stuck")))
        case "poller.job.reminder" | "poller.job.escalated":
            tending = _table(data.get("tending"))
            return f"Nobody has acted for {_span(tending.get('seconds'))}: the job is still in {_name(tending.get('state'))}."
        case "poller.job.acknowledged":
            return f"{_name(_table(data.get('acknowledged')).get('author')) or 'Somebody'} takes care of it."
        case _:
            return _SENTENCES.get(event.type, "") or _text(data.get("summary"))


_SENTENCES: Final[Mapping[str, str]] = {
    "poller.job.watched": "The job is watched from now on.",
    "poller.job.reopened": "The job was done, and goes on.",
    "poller.job.missing": "The upstream says that there is no such job any more.",
    "poller.job.found": "The job is there again.",
    "poller.source.blind": "The source cannot be read: what its jobs do meanwhile is told when it can be read again.",
    "poller.source.recovered": "The source can be read again.",
    "poller.source.expiring": "The credentials of the source end soon. Until then all goes on as usual.",
    "poller.source.renewed": "The source has newer credentials.",
    "poller.batch.done": "Every job of the batch has ended.",
    "poller.notifier.failing": "The notifier cannot deliver. What it is owed is kept and tried again.",
    "poller.notifier.disabled": "The receiver says that it is gone. What it is owed is kept until somebody enables it.",
    "poller.notifier.recovered": "The notifier delivers again.",
    "poller.test": "This is a test: no job has changed.",
}


def _stuck(stuck: Mapping[str, Json]) -> str:
    longer = f"The job is in {_name(stuck.get('state'))} for {_span(stuck.get('seconds_in_state'))}"
    usual = _table(stuck.get("usual"))
    limit = f"{longer}, and {_span(stuck.get('limit'))} are allowed."
    if not usual:
        return limit
    p50, p95 = _span(usual.get("p50")), _span(usual.get("p95"))
    return f"{limit} Of {usual.get('stays')} others half stayed up to {p50}, nearly all up to {p95}."


def _job_facts(event: Event, job: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    operation, said = _table(event.data.get("operation")), _table(event.data.get("comment"))
    yield "Description", operation.get("log_description")
    yield "Error code", operation.get("error_code")
    yield "Redo reasons", operation.get("redo_reasons")
    yield "Comment", said.get("comment_title")
    yield "", said.get("comment_message")
    yield "Comment", _table(event.data.get("acknowledged")).get("comment")
    yield "Previous state", event.data.get("previous_state")
    yield "Reason", event.data.get("reason")
    yield "Batch", job.get("batch_name")
    yield "Tags", job.get("tags")
    yield "Labels", job.get("labels")
    yield "Job", event.subject
    yield "Source", event.source
    yield "Seen", shown_time(rfc3339(event.observed_at))


def _own_facts(event: Event) -> Iterator[tuple[str, Json]]:
    yield "Reason", event.data.get("reason")
    yield "End", shown_time(_text(event.data.get("expires_at")))
    yield "Jobs that wait", event.data.get("jobs_waiting")
    yield "Blind for", _span(event.data.get("seconds_blind"))
    yield "Seen", shown_time(rfc3339(event.observed_at))


def _entries(event: Event) -> Iterator[str]:
    """The log so far, of a job that is watched from now on."""
    log = event.data.get("operations")
    for line in log[-ENTRIES:] if isinstance(log, Sequence) and not isinstance(log, str) else ():
        entry = _table(line)
        parts = (shown_time(_text(entry.get("operate_time"))), entry.get("log_type"), entry.get("log_description"))
        yield " · ".join(text for part in parts if (text := _text(part)))


def _meaning(state: Json, state_class: str) -> str:
    """What the vendor's documents say of the state, where they do."""
    for vocabulary in (avatar_vocabulary(), voice_vocabulary()):
        if isinstance(state, str) and vocabulary.classes.get(state) == state_class:
            meaning = vocabulary.meanings[state]
            return meaning[:1].upper() + meaning[1:] + "."
    return ""


def shown_time(text: str) -> str:
    """``2023-12-09 07:31:43 UTC`` of an RFC 3339 time; any other text as it is."""
    at = parse_rfc3339(text)
    if at is None:
        return _name(text)
    utc = rfc3339(at)
    return f"{utc[:10]} {utc[11:19]} UTC"


def _table(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _span(value: Json) -> str:
    return span(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else ""


def _name(value: Json) -> str:
    return _text(value, LONGEST_NAME)


def _text(value: Json, longest: int = LONGEST) -> str:
    """Any value in one line."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{key}={_text(item, longest)}" for key, item in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(_text(item, longest) for item in value)
    line = "" if value is None else one_line(str(value)[: 4 * longest])
    return line if len(line) <= longest else line[: longest - 1] + "…"
