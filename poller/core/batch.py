"""When the jobs of a batch have all ended: a small state machine for each (source, batch name)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

ENDED: Final = ("done", "failed")  # classes in which nothing happens by itself any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """The jobs of a batch now, removed ones left out: how many are in each class, and how many the upstream does not know any more.

    A missing job counts as missing and in no class: nothing will ever happen to it. `oldest_at` is when the first of the jobs was
    added, `changed_at` the last change of a state, in seconds.
    """

    source: str
    batch_name: str
    classes: Mapping[str, int] = field(default_factory=dict)
    missing: int = 0
    oldest_at: float | None = None
    changed_at: float | None = None

    @property
    def jobs(self) -> int:
        """How many there are."""
        return sum(self.classes.values()) + self.missing

    @property
    def ended(self) -> int:
        """How many have ended."""
        return sum(self.classes.get(name, 0) for name in ENDED) + self.missing

    @property
    def is_done(self) -> bool:
        """Whether all have ended."""
        return self.ended == self.jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What was last noticed: whether it was done, how often it was told so, and when last (seconds).

    A batch is told when it *becomes* done: one that was done already when it was first seen is not.
    """

    done: bool
    completions: int = 0
    told_at: float | None = None


def noticed(before: Batch | None, progress: Progress, now: float) -> tuple[Batch, bool]:
    """The batch after a look, and whether it is to be told that it is done."""
    if before is None:
        return Batch(done=progress.is_done), False
    if progress.is_done and not before.done:
        return replace(before, done=True, completions=before.completions + 1, told_at=now), True
    return replace(before, done=progress.is_done), False
