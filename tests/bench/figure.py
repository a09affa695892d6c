"""What a bench brings: figures, each with its goal."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`ours` and `baseline` are what the figure was made of; `detail` says what else is worth knowing, and of what not to trust."""

    what: str
    value: float
    unit: Literal["x", "MB", "s", "bytes"]
    goal: float
    best: Literal["high", "low"]
    ours: str
    baseline: str
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the figure is as good as its goal."""
        return self.value >= self.goal if self.best == "high" else self.value <= self.goal

    @property
    def shown(self) -> str:
        """The value with its unit."""
        return (
            f"{self.value:.2f}x" if self.unit == "x" else f"{self.value:,.{1 if self.unit == 's' else 0}f} {self.unit}"
        )

    @property
    def shown_goal(self) -> str:
        """The goal as a comparison."""
        number = f"{self.goal:g}{self.unit}" if self.unit == "x" else f"{self.goal:,g} {self.unit}"
        return f"{'≥' if self.best == 'high' else '≤'} {number}"

    def as_json(self) -> dict[str, Any]:
        """The inverse of ``Figure(**value)``."""
        return asdict(self)


def per_second(rate: float) -> str:
    """A rate for people."""
    return f"{rate:,.0f}/s"
