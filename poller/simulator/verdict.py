"""What an audit found, as values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

PROBLEMS_SHOWN: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One disagreement between what happened and what was told. `kind` is a fixed word, for counting and tests."""

    kind: str
    job_id: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: job {self.job_id}: {self.detail}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lateness:
    """Seconds from a change becoming readable upstream to its acceptance by the receiver, over `count` changes."""

    count: int
    p50: float
    p95: float
    worst: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`happened` and `told` count log entries; `states_happened` and `states_told` state changes after the first sight."""

    jobs: int
    happened: int
    told: int
    states_happened: int
    states_told: int
    events: int
    duplicates: int
    others: dict[str, int] = field(default_factory=dict)
    lateness: Lateness | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Upstream and receiver agree."""
        return not self.problems

    def kinds(self) -> dict[str, int]:
        """Problems by kind."""
        return {kind: sum(p.kind == kind for p in self.problems) for kind in sorted({p.kind for p in self.problems})}

    @property
    def summary(self) -> str:
        """A few lines for people."""
        lines = [
            f"upstream: {self.jobs} jobs, {self.happened} log entries, {self.states_happened} state changes",
            f"told:     {self.events} events ({self.told} log entries, {self.states_told} state changes)",
            f"again:    {self.duplicates} deliveries of an event that had been accepted before",
        ]
        if self.lateness is not None:
            late = self.lateness
            lines.append(f"late by:  {late.p50:.2f} s (median), {late.p95:.2f} s (95 %), {late.worst:.2f} s (worst)")
        if self.ok:
            return "\n".join([*lines, "the two agree"])
        shown = [f"  {problem}" for problem in self.problems[:PROBLEMS_SHOWN]]
        more = len(self.problems) - len(shown)
        return "\n".join(
            [
                *lines,
                f"THE TWO DISAGREE in {len(self.problems)} points:",
                *shown,
                *([f"  … {more} more"] if more else []),
            ]
        )


def lateness_of(seconds: Sequence[float]) -> Lateness | None:
    """The figures over `seconds`; None when nothing was measured."""
    if not seconds:
        return None
    ranked = sorted(seconds)
    last = len(ranked) - 1
    return Lateness(count=len(ranked), p50=ranked[round(last * 0.5)], p95=ranked[round(last * 0.95)], worst=ranked[-1])
