"""What the status page says, as plain values: from figures and states to words. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from poller.core.listing import EventRow, JobRow
from poller.core.plan import Plan
from poller.core.spans import span
from poller.core.timestamps import rfc3339
from poller.core.vocabulary import CLASSES
from poller.web.figures import Figures
from poller.web.glance import Glance
from poller.web.ports import SourceState

LATE: Final = 600.0  # seconds that something may be owed before its notifier is called behind


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """An instant in RFC 3339, and how long ago it was."""

    at: str
    ago: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassShare:
    """Jobs of one class; `begins` and `width` are its part of the bar, in percent."""

    name: str
    jobs: int
    begins: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceView:
    """One source. `use` is the planned share of the request budget in percent, None before the first plan."""

    name: str
    blind: Moment | None
    reason: str | None
    unread: bool
    jobs: int
    overdue: int
    classes: Sequence[ClassShare]
    use: int | None
    rate: str
    throttled: bool
    reading: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifierView:
    """One notifier. One that is `gone` is owed something and is not in the configuration; one that is `late` has been owed it long."""

    name: str
    disabled: str | None
    gone: bool
    pending: int
    dead: int
    oldest: Moment | None
    late: bool
    failing: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """A job that wants somebody's attention; `why` is stuck or failed."""

    why: str
    source: str
    job_id: str
    name: str
    state: str
    since: Moment


@dataclass(frozen=True, kw_only=True, slots=True)
class EventView:
    """One event in a line."""

    when: Moment
    transition: str
    summary: str
    source: str
    kind: str


def moment(at: float, now: float) -> Moment:
    """The instant `at` as it looks at `now`."""
    return Moment(at=rfc3339(at), ago=span(max(0.0, now - at)))


def source_view(state: SourceState, figures: Figures | None, unread: bool, now: float) -> SourceView:
    """A source, of which the figures may be missing."""
    health = None if figures is None else figures.health.get(state.name)
    shares = class_shares({} if figures is None else _by_class(figures, state.name))
    return SourceView(
        name=state.name,
        blind=None if health is None or health.blind_since is None else moment(health.blind_since, now),
        reason=None if health is None else health.reason,
        unread=unread,
        jobs=sum(share.jobs for share in shares),
        overdue=0 if figures is None else figures.overdue.get(state.name, 0),
        classes=shares,
        use=None if state.plan is None else round(100 * state.plan.total / state.rate),
        rate=f"{state.allowed:.3g}",
        throttled=state.allowed < state.rate,
        reading=_reading(state.plan),
    )


def class_shares(jobs: Mapping[str, int]) -> list[ClassShare]:
    """The classes that have jobs, in the order of the vocabulary."""
    shares: list[ClassShare] = []
    total, begins = sum(jobs.values()), 0.0
    for name in CLASSES:
        if jobs.get(name):
            width = 100 * jobs[name] / total
            shares.append(ClassShare(name=name, jobs=jobs[name], begins=begins, width=width))
            begins += width
    return shares


def notifier_views(
    disabled: Mapping[str, str | None], failing: Sequence[str], figures: Figures | None, now: float
) -> list[NotifierView]:
    """The notifiers of the configuration, and those that are still owed something."""
    owed = {} if figures is None else {one.notifier: one for one in figures.owed}
    views = []
    for name in (*disabled, *(name for name in owed if name not in disabled)):
        one = owed.get(name)
        views.append(
            NotifierView(
                name=name,
                disabled=disabled.get(name),
                gone=name not in disabled,
                pending=0 if one is None else one.pending,
                dead=0 if one is None else one.dead,
                oldest=None if one is None or one.oldest is None else moment(one.oldest, now),
                late=one is not None and one.oldest is not None and now - one.oldest > LATE,
                failing=name in failing,
            )
        )
    return views


def job_views(glance: Glance | None, now: float) -> list[JobView]:
    """Stuck ones first; one that is both is shown once."""
    if glance is None:
        return []
    stuck = [_job(row, "stuck", now) for row in glance.stuck]
    known = {row.key for row in glance.stuck}
    return stuck + [_job(row, "failed", now) for row in glance.failed if row.watching and row.key not in known]


def event_views(rows: Sequence[EventRow], now: float) -> list[EventView]:
    """The newest first."""
    return [
        EventView(
            when=moment(row.event.observed_at, now),
            transition=row.event.transition,
            summary=str(row.event.data.get("summary") or row.event.subject),
            source=row.event.source,
            kind=row.event.type.removeprefix("poller."),
        )
        for row in rows
    ]


def _by_class(figures: Figures, source: str) -> Counter[str]:
    jobs: Counter[str] = Counter()
    for one in figures.jobs:
        if one.source == source:
            jobs[one.state_class] += one.jobs
    return jobs


def _reading(plan: Plan | None) -> str:
    if plan is None:
        return "no plan yet"
    if plan.mode == "list" and plan.sweep_every is not None:
        return f"states by list: {plan.pages} pages every {span(plan.sweep_every)}"
    if plan.stretch > 1:
        return f"states by detail calls, rests {plan.stretch:.2g} times as long as wished"
    return "states by detail calls"


def _job(row: JobRow, why: str, now: float) -> JobView:
    return JobView(
        why=why,
        source=row.source,
        job_id=row.job_id,
        name=row.name or "",
        state=row.state or "",
        since=moment(row.state_since, now),
    )
