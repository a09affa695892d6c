"""Several events as one mail: grouped by batch and job, counted. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from poller.core.event import Event
from poller.notifiers.email.wording import CLASSES, Story, note, story


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One event of a job in a digest."""

    time: str
    transition: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A job (or source, or notifier) with what happened, the earliest first; its state is that of the last event."""

    subject: str
    tone: str
    state: str
    class_name: str
    job_id: str
    stories: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The jobs of a batch; without a name those of none."""

    name: str
    jobs: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What a digest says; `jobs` counts its parts, `tone` is the worst of theirs."""

    heading: str
    counted: str
    tone: str
    jobs: int
    batches: tuple[Batch, ...]


_WORST_FIRST = ("failed", "trouble", "waiting_on_us", "waiting_on_vendor", "unknown", "active", "done", "good", "plain")


def digest(events: Sequence[Event]) -> Digest:
    """`events`, the earliest first, as a digest."""
    told = [(event, story(event)) for event in events]
    grouped: dict[str, dict[tuple[str, str], list[tuple[Event, Story]]]] = {}
    for event, one in told:
        stories = grouped.setdefault(one.batch, {}).setdefault((event.source, event.subject), [])
        stories.append((event, one))
    batches = tuple(
        Batch(name=name, jobs=tuple(_part(stories) for stories in jobs.values())) for name, jobs in grouped.items()
    )
    parts = [part for batch in batches for part in batch.jobs]
    return Digest(
        heading=_heading([one for _, one in told], parts),
        counted=_counted(parts),
        tone=min((part.tone for part in parts), key=_WORST_FIRST.index),
        jobs=len(parts),
        batches=tuple(sorted(batches, key=lambda batch: batch.name)),
    )


def _part(stories: Sequence[tuple[Event, Story]]) -> Part:
    last = stories[-1][1]
    lines = tuple(Line(time=one.time, transition=one.transition, note=note(event)) for event, one in stories)
    return Part(
        subject=last.subject,
        tone=last.tone,
        state=last.state,
        class_name=last.class_name,
        job_id=last.job_id,
        stories=lines,
    )


def _heading(stories: Sequence[Story], jobs: Sequence[Part]) -> str:
    last = stories[-1]
    if len(jobs) == 1:
        return f"{last.subject}: {last.transition} and {len(stories) - 1} more"
    batches = {one.batch for one in stories}
    what = f"{len(stories)} events of {len(jobs)} jobs" if all(job.state for job in jobs) else f"{len(stories)} events"
    return f"{last.batch}: {what}" if len(batches) == 1 and last.batch else what


def _counted(jobs: Sequence[Part]) -> str:
    """``2 failed, 1 waiting on us``: how the jobs are now, the worst first; then whatever else there is."""
    tones = Counter(job.tone for job in jobs)
    words = {tone: named for tone, (named, _) in CLASSES.items()} | {
        "trouble": "in trouble",
        "good": "recovered",
        "plain": "other",
    }
    return ", ".join(f"{tones[tone]} {words[tone]}" for tone in _WORST_FIRST if tones[tone])
