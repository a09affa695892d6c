"""Did the receiver learn exactly what happened upstream? Compares truth with arrivals; pure.

Told once are: each log entry (equal ones as often as the log has them), and the final state; told states were really
passed, in that order, and each names the one told before it. Ids stand for one body. First attempts of a job come in
sequence, and sequences have no gaps.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Protocol, TypeAlias

from poller.simulator.findings import Finding, commented, entries_told, present, states_told
from poller.simulator.story import Story
from poller.simulator.told import Told
from poller.simulator.truth import JobTruth
from poller.simulator.verdict import Problem, Verdict, lateness_of

FirstSight: TypeAlias = Literal["all", "summary"]


class Delivered(Protocol):
    """A verified request, as the receiver remembers it."""

    @property
    def at(self) -> float:
        """When it came, real time."""
        ...

    @property
    def id(self) -> str:
        """The event's id."""
        ...

    @property
    def body(self) -> bytes:
        """As it was sent."""
        ...

    @property
    def event(self) -> Told:
        """What the body says."""
        ...

    @property
    def accepted(self) -> bool:
        """The receiver took it."""
        ...


@dataclass(kw_only=True, slots=True)
class _Sorted:
    """Arrivals by job and by id."""

    stories: dict[str, Story] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)


def audit(
    truths: Mapping[str, JobTruth],
    arrivals: Sequence[Delivered],
    *,
    first_sight: FirstSight = "all",
    required_until: float | None = None,
    require_every_job: bool = True,
) -> Verdict:
    """The verdict. What happened after the real time `required_until` may be told or not yet.

    With `first_sight="summary"` the entries in a WATCHED event's `operations` count as told. `require_every_job=False`
    leaves out the jobs nobody watched.
    """
    until = float("inf") if required_until is None else required_until
    found = _sort(arrivals)
    problems, late = list(found.problems), list[float]()
    for job_id, story in found.stories.items():
        job = truths.get(job_id)
        findings = [_stranger(job_id, story)] if job is None else _judge(job, story, first_sight, until)
        problems += [problem for finding in findings for problem in finding.problems]
        late += [seconds for finding in findings for seconds in finding.late]
    watched = [job for job in truths.values() if require_every_job or job.job_id in found.stories]
    problems += _never_told(watched, found.stories, until)
    stories = found.stories.values()
    return Verdict(
        jobs=len(watched),
        happened=sum(len(job.entries) for job in watched),
        told=sum(story.entries(summaries=first_sight == "summary") for story in stories),
        states_happened=sum(max(0, len(job.states) - 1) for job in watched),
        states_told=sum(story.count("state_changed") for story in stories),
        events=len(found.accepted),
        duplicates=sum(count - 1 for count in found.accepted.values()),
        others=dict(found.others),
        lateness=lateness_of(late),
        problems=tuple(problems),
    )


def _judge(job: JobTruth, story: Story, first_sight: FirstSight, until: float) -> list[Finding]:
    return [
        _sequence(story),
        entries_told(job, story, first_sight, until),
        commented(job, story, until),
        states_told(job, story, until),
        present(job, story, until),
    ]


def _stranger(job_id: str, story: Story) -> Finding:
    detail = f"{len(story.tried)} events about a job that never was"
    return Finding(problems=[Problem(kind="unknown job", job_id=job_id, detail=detail)])


def _sort(arrivals: Iterable[Delivered]) -> _Sorted:
    found = _Sorted()
    bodies: dict[str, bytes] = {}
    for arrival in arrivals:
        event = arrival.event
        if bodies.setdefault(arrival.id, arrival.body) != arrival.body:
            found.problems.append(
                Problem(kind="altered", job_id=event.subject, detail=f"event {arrival.id} came with two bodies")
            )
        first_acceptance = arrival.accepted and arrival.id not in found.accepted
        if arrival.accepted:
            found.accepted[arrival.id] += 1
        if event.of_job:
            found.stories.setdefault(event.subject, Story()).note(event, arrival.at, accepted=first_acceptance)
        elif first_acceptance:
            found.others[event.type] += 1
    return found


def _sequence(story: Story) -> Finding:
    finding = Finding()
    tried = list(story.tried.values())
    for before, after in pairwise(tried):
        if (after.sequence or 0) <= (before.sequence or 0):
            detail = (
                f"{after.transition} ({after.sequence}) was first tried after {before.transition} ({before.sequence})"
            )
            finding.problems.append(Problem(kind="order", job_id=after.subject, detail=detail))
    numbers = sorted(told.event.sequence or 0 for told in story.events)
    for one, other in pairwise(numbers):
        if other != one + 1:
            detail = f"after the sequence {one} comes {other}"
            finding.problems.append(Problem(kind="gap", job_id=tried[0].subject, detail=detail))
    return finding


def _never_told(jobs: Iterable[JobTruth], stories: Mapping[str, Story], until: float) -> Iterable[Problem]:
    for job in jobs:
        silent = job.job_id not in stories or not stories[job.job_id].events
        if silent and job.states and job.states[0].real_at <= until and not job.absences:
            yield Problem(kind="untold job", job_id=job.job_id, detail="not one event about it was accepted")
