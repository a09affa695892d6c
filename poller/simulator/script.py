"""Writes a job's life from a seed: which detours it takes (its fate), and the stages it passes in the vendor's order."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from poller.simulator import detours, stages
from poller.simulator.dice import dice
from poller.simulator.lifecycle import Life
from poller.simulator.pen import Pen


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """The detours of one life; the defaults are the straight way to JOB_SUCCESS."""

    uploads_late: bool = False
    analyses_video: bool = False
    flexus: bool = False
    auto_rejections: int = 0
    manual_rejections: int = 0
    gives_up: bool = False
    train_failures: int = 0
    stopped: bool = False
    beautified: bool = False
    actions: bool = False
    compiles: bool = False
    tests_video: bool = False
    confirms: bool = False
    rejects: bool = False
    reopened: int = 0
    finishes: bool = False
    novel: bool = False
    twice: bool = False


CHANCES: Final = {
    "uploads_late": 0.4, "analyses_video": 0.3, "flexus": 0.2, "gives_up": 0.05, "stopped": 0.08, "beautified": 0.25,
    "actions": 0.3, "compiles": 0.4, "tests_video": 0.15, "confirms": 0.15, "rejects": 0.3, "finishes": 0.1,
    "novel": 0.04, "twice": 0.15,
}  # fmt: skip
COUNTS: Final = {
    "auto_rejections": (75, 20, 5), "manual_rejections": (70, 22, 8), "train_failures": (75, 20, 5), "reopened": (82, 15, 3),
}  # fmt: skip
"""Weights of 0, 1, 2, … times."""


def draw_fate(chance: Random) -> Fate:
    """A fate by the shares above."""
    flags: dict[str, Any] = {name: chance.random() < share for name, share in CHANCES.items()}
    counts: dict[str, Any] = {name: chance.choices(range(len(weights)), weights)[0] for name, weights in COUNTS.items()}
    return Fate(**flags, **counts)


def live(seed: int, number: int, fate: Fate | None = None) -> Life:
    """The life of job `number`: a function of its arguments alone. About three simulated days without redone work."""
    chance = dice("life", seed, number)
    drawn = draw_fate(chance)
    pen = Pen(chance=chance)
    _write(pen, fate or drawn)
    return pen.finish()


def _write(pen: Pen, fate: Fate) -> None:
    stages.create(pen, uploads_late=fate.uploads_late, flexus=fate.flexus)
    if fate.analyses_video:
        stages.analyse(pen)
    if not _reviewed(pen, fate):
        return
    if fate.novel:
        detours.novelty(pen)
    _produce(pen, fate)
    for _ in range(fate.reopened):
        detours.reopen(pen, flexus=fate.flexus)
    if fate.finishes:
        stages.close(pen)


def _reviewed(pen: Pen, fate: Fate) -> bool:
    stages.submit(pen, twice=fate.twice)
    for _ in range(fate.auto_rejections):
        detours.reject_automatically(pen)
    stages.pass_automatic_review(pen)
    for left in reversed(range(fate.manual_rejections)):
        detours.reject_manually(pen)
        if fate.gives_up and left == 0:
            return False
        stages.submit(pen, twice=False)
        stages.pass_automatic_review(pen)
    stages.pass_manual_review(pen)
    return True


def _produce(pen: Pen, fate: Fate) -> None:
    stages.preprocess(pen)
    if fate.stopped:
        detours.stop_and_reset(pen)
    stages.train(pen)
    for _ in range(fate.train_failures):
        detours.fail_and_redo_training(pen)
    stages.trained(pen)
    stages.infer(pen, beautified=fate.beautified)
    if fate.actions:
        stages.generate_actions(pen)
    if fate.compiles:
        stages.compile_model(pen)
    if fate.tests_video:
        stages.check_test_video(pen)
    if fate.confirms:
        detours.ask_user(pen, rejects=fate.rejects)
    stages.succeed(pen)
