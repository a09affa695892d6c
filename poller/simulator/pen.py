"""What lives are written with: a moving point in time, and a list of what happens there."""

from random import Random
from typing import Final

from poller.simulator.lifecycle import Comment, Entry, Field, Life, Operator, Step

MINUTE: Final = 60
HOUR: Final = 3600


class Pen:
    """Writes steps at `at` (seconds since creation), which only moves forward."""

    def __init__(self, *, chance: Random) -> None:
        self.chance = chance
        self.at = 0
        self._steps: list[Step] = []

    def wait(self, shortest: float, longest: float) -> None:
        """Moves on by a random time between the two, in seconds, at least one whole second."""
        self.at += max(1, round(self.chance.uniform(shortest, longest)))

    def state(self, state: str) -> None:
        """The job enters `state` now."""
        self._steps.append(Step(offset=self.at, state=state))

    def set(self, **fields: str | int | bool) -> None:
        """Other fields of the answer change now."""
        pairs: tuple[Field, ...] = tuple(fields.items())
        self._steps.append(Step(offset=self.at, fields=pairs))

    def log(
        self,
        log_type: str,
        *,
        description: str | None = None,
        code: str | None = None,
        reasons: tuple[str, ...] | None = None,
        by: Operator | None = None,
        described_after: int | None = None,
    ) -> None:
        """A line of the operation log, now; by whom is read from the type's prefix unless given."""
        described_at = None if described_after is None else self.at + described_after
        entry = Entry(
            offset=self.at,
            log_type=log_type,
            operate_user=by or _operator(log_type),
            log_description=description,
            error_code=code,
            redo_reasons=reasons,
            described_at=described_at,
        )
        self._steps.append(Step(offset=self.at, entries=(entry,)))
        if described_at is not None:
            self._steps.append(Step(offset=described_at))

    def comment(self, comment_type: str, title: str, message: str) -> None:
        """A line of the comment log, now."""
        line = Comment(offset=self.at, comment_type=comment_type, comment_title=title, comment_message=message)
        self._steps.append(Step(offset=self.at, comments=(line,)))

    def finish(self) -> Life:
        """The life written so far, what happens at the same second joined to one step."""
        joined: list[Step] = []
        for step in sorted(self._steps, key=lambda step: step.offset):
            if joined and joined[-1].offset == step.offset:
                joined[-1] = _join(joined[-1], step)
            else:
                joined.append(step)
        return Life(steps=tuple(joined))


def _join(one: Step, other: Step) -> Step:
    return Step(
        offset=one.offset,
        state=other.state or one.state,
        entries=one.entries + other.entries,
        comments=one.comments + other.comments,
        fields=one.fields + other.fields,
    )


def _operator(log_type: str) -> Operator:
    if log_type.startswith("USER_"):
        return "USER"
    if log_type.startswith(("ADMIN_", "REDO_", "CONFIRM_")):
        return "ADMIN"
    return "SYSTEM"
