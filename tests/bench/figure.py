"""What a bench brings: figures, each with its goal."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

Unit: TypeAlias = Literal["x", "MB", "s", "bytes", "/s", "%", "per 1,000", "requests"]
SMALL: Final = 100  # rates below it are shown with a decimal
_DIGITS: Final = {"x": 2, "s": 1, "%": 1, "per 1,000": 1, "requests": 4}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`ours` and `baseline` are what the figure was made of; `detail` says what else is worth knowing, and of what not to trust."""

    what: str
    value: float
    unit: Unit
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
    def _digits(self) -> int:
        return 1 if self.unit == "/s" and self.value < SMALL else _DIGITS.get(self.unit, 0)

    @property
    def shown(self) -> str:
        """The value with its unit."""
        return _with_unit(f"{self.value:,.{self._digits}f}", self.unit)

    @property
    def shown_goal(self) -> str:
        """The goal as a comparison."""
        return f"{'≥' if self.best == 'high' else '≤'} {_with_unit(f'{self.goal:,g}', self.unit)}"

    def as_json(self) -> dict[str, Any]:
        """The inverse of ``Figure(**value)``."""
        return asdict(self)


def _with_unit(number: str, unit: Unit) -> str:
    return f"{number}{unit}" if unit in {"x", "/s"} else f"{number} {unit}"


def per_second(rate: float) -> str:
    """A rate for people."""
    return f"{rate:,.0f}/s"
