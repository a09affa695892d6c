"""The rules of an audit, one job at a time: entries, comments, states, absence. Each gives problems and latenesses."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from poller.simulator.lifecycle import DONE_STATES
from poller.simulator.story import Story
from poller.simulator.told import Told
from poller.simulator.truth import JobTruth, StateTruth
from poller.simulator.verdict import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one rule found."""

    problems: list[Problem] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


def entries_told(job: JobTruth, story: Story, first_sight: str, until: float) -> Finding:
    """Each log entry was told as often as it stands in the log."""
    happened = _by_key((entry.key, entry.real_at) for entry in job.entries)
    told = _by_key((_operation(each.event), each.at) for each in story.of("operation_logged"))
    if first_sight == "summary":
        for each in story.of("watched"):
            for key in each.event.operations:
                told[key].append(float("nan"))
    return _compare(
        job, "entry", happened, told, since=story.watched_at, required_from=float("-inf"), until=_seen_until(job, until)
    )


def commented(job: JobTruth, story: Story, until: float) -> Finding:
    """Comments likewise; those from before the first sight need not be told."""
    happened = _by_key(((comment.operate_time, comment.comment_type), comment.real_at) for comment in job.comments)
    told = _by_key(((each.event.time, each.event.transition), each.at) for each in story.of("commented"))
    since = story.watched_at
    return _compare(job, "comment", happened, told, since=since, required_from=since, until=_seen_until(job, until))


def states_told(job: JobTruth, story: Story, until: float) -> Finding:
    """Told states were passed, in that order; each names the one before; the last one told is where the job is."""
    finding = Finding()
    place, last, first = 0, None, False
    for each in story.of("watched", "state_changed"):
        event = each.event
        changed = event.type.endswith("state_changed")
        state = event.transition if changed else event.state
        if state is None:
            continue
        # A list page had shown the state before the first detail call, which tells of both: it is watched, and it has moved.
        listed = first and state == last
        if changed and last is not None and event.previous_state != last and not listed:
            detail = f"{state} is said to follow {event.previous_state}, but {last} was told before it"
            finding.problems.append(_problem("chain", job, detail))
        last, first = state, not changed
        found = _next(job.states, state, place)
        if found is None:
            finding.problems.append(
                _problem("unexpected state", job, f"{state} was told, but not (or not then) passed")
            )
            continue
        place = found + 1 if changed else found
        if changed and job.states[found].real_at >= story.watched_at:
            finding.late.append(each.at - job.states[found].real_at)
    finding.problems.extend(_ending(job, last, _seen_until(job, until)))
    finding.problems.extend(_reopenings(job, story))
    return finding


def present(job: JobTruth, story: Story, until: float) -> Finding:
    """MISSING and FOUND were told only of jobs that were away, alternate, and end where the job is."""
    finding = Finding()
    last = "FOUND"
    for each in story.of("missing", "found"):
        transition = each.event.transition
        if transition == last or not job.absences:
            finding.problems.append(_problem("unexpected absence", job, f"{transition} was told"))
        last = transition
    expected = "MISSING" if job.deleted else "FOUND"
    settled = not job.absences or job.absences[-1].real_at <= until
    if settled and last != expected and story.events:
        finding.problems.append(_problem("absence", job, f"it ends as {expected}, told was {last}"))
    return finding


def _compare(
    job: JobTruth,
    what: str,
    happened: dict[Hashable, list[float]],
    told: dict[Hashable, list[float]],
    *,
    since: float,
    required_from: float,
    until: float,
) -> Finding:
    """`since`: lateness counts only for what happened from then on. NaN in `told` is a telling without a time of its own."""
    finding = Finding()
    for key, real in happened.items():
        at = told.get(key, [])
        required = sum(required_from <= moment <= until for moment in real)
        if len(at) < required:
            finding.problems.append(
                _problem(f"missing {what}", job, f"{_show(key)}: {required} happened, {len(at)} told")
            )
        if len(at) > len(real):
            finding.problems.append(
                _problem(f"unexpected {what}", job, f"{_show(key)}: {len(real)} happened, {len(at)} told")
            )
        finding.late.extend(late for moment, late in _latenesses(real, at) if moment >= since)
    for key in told.keys() - happened.keys():
        finding.problems.append(_problem(f"unexpected {what}", job, f"{_show(key)} never happened"))
    return finding


def _latenesses(real: Sequence[float], told: Sequence[float]) -> Iterable[tuple[float, float]]:
    timed = sorted(at for at in told if at == at)  # noqa: PLR0124 - only NaN differs from itself
    return (
        (moment, at - moment) for moment, at in zip(sorted(real)[-len(timed) :] if timed else (), timed, strict=False)
    )


def _ending(job: JobTruth, last: str | None, until: float) -> Iterable[Problem]:
    possible = [state.state for state in job.states if state.real_at > until]
    settled = [state.state for state in job.states if state.real_at <= until]
    if last is not None and settled and last not in {settled[-1], *possible}:
        yield _problem("final state", job, f"it is {settled[-1]}, the last one told is {last}")


def _reopenings(job: JobTruth, story: Story) -> Iterable[Problem]:
    pairs = zip(job.states, job.states[1:], strict=False)
    happened = sum(one.state in DONE_STATES and other.state not in DONE_STATES for one, other in pairs)
    told = story.count("reopened")
    if told > happened:
        yield _problem("unexpected reopening", job, f"{happened} happened, {told} told")


def _next(states: Sequence[StateTruth], state: str | None, place: int) -> int | None:
    return next((index for index in range(place, len(states)) if states[index].state == state), None)


def _seen_until(job: JobTruth, until: float) -> float:
    """A deleted job can be read no more: what happens to it afterwards need not be told."""
    return min(until, job.absences[-1].real_at) if job.deleted else until


def _by_key(pairs: Iterable[tuple[Hashable, float]]) -> dict[Hashable, list[float]]:
    grouped: dict[Hashable, list[float]] = defaultdict(list)
    for key, at in pairs:
        grouped[key].append(at)
    return grouped


def _operation(event: Told) -> Hashable:
    return event.operation


def _show(key: Hashable) -> str:
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def _problem(kind: str, job: JobTruth, detail: str) -> Problem:
    return Problem(kind=kind, job_id=job.job_id, detail=detail)
