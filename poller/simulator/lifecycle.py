"""A job's life as plain values: what happens to it, and when, in simulated seconds since it was created.

`script.live` writes lives; here they are only read. A life is written once and never changes, so a view of it is a
function of the time that has passed, and what upstream knew at any moment can be asked afterwards.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["USER", "ADMIN", "SYSTEM"]
Field: TypeAlias = tuple[str, str | int | bool]

DONE_STATES = frozenset({"JOB_SUCCESS", "JOB_FINISH"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of `operation_logs`. `described_at` is when its description appears, if later than the line itself."""

    offset: int
    log_type: str
    operate_user: Operator
    log_description: str | None = None
    error_code: str | None = None
    redo_reasons: tuple[str, ...] | None = None
    described_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """One line of `comment_logs`."""

    offset: int
    comment_type: str
    comment_title: str
    comment_message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What changes at one second: a new state, new lines, other fields; all of it becomes visible together."""

    offset: int
    state: str | None = None
    entries: tuple[Entry, ...] = ()
    comments: tuple[Comment, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What the upstream knows of a job at one moment."""

    state: str
    entries: tuple[Entry, ...]
    comments: tuple[Comment, ...]
    fields: dict[str, str | int | bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """Steps with strictly rising offsets; the first is at 0 and names a state."""

    steps: tuple[Step, ...]

    @property
    def duration(self) -> int:
        """Seconds from creation to the last change."""
        return self.steps[-1].offset


def steps_taken(life: Life, elapsed: float) -> int:
    """How many steps have happened `elapsed` seconds after creation; 0 before it."""
    return bisect_right(life.steps, elapsed, key=lambda step: step.offset)


def view_after(life: Life, taken: int) -> View:
    """What is seen once `taken` (at least 1) steps have happened."""
    steps = life.steps[:taken]
    now = steps[-1].offset
    fields: dict[str, str | int | bool] = {}
    for step in steps:
        fields.update(step.fields)
    return View(
        state=next(step.state for step in reversed(steps) if step.state is not None),
        entries=tuple(_as_seen(entry, now) for step in steps for entry in step.entries),
        comments=tuple(comment for step in steps for comment in step.comments),
        fields=fields,
    )


def view(life: Life, elapsed: float) -> View | None:
    """What is seen `elapsed` seconds after creation; None before it."""
    taken = steps_taken(life, elapsed)
    return view_after(life, taken) if taken else None


def state_after(life: Life, taken: int) -> str:
    """The state once `taken` (at least 1) steps have happened; cheaper than a whole view."""
    return next(step.state for step in reversed(life.steps[:taken]) if step.state is not None)


def states(life: Life, taken: int) -> Iterator[tuple[int, str]]:
    """Every state with the offset it was entered at, in order, without repetitions of the same state in a row."""
    last = None
    for step in life.steps[:taken]:
        if step.state is not None and step.state != last:
            last = step.state
            yield step.offset, step.state


def _as_seen(entry: Entry, now: int) -> Entry:
    if entry.described_at is not None and now < entry.described_at:
        return replace(entry, log_description=None)
    return entry
