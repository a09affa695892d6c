"""Writes a voice training job's life: the states and actions of the vendor's client, in an order that they suggest."""

from functools import lru_cache
from typing import Final

from poller.simulator.dice import dice
from poller.simulator.lifecycle import Life
from poller.simulator.pen import HOUR, MINUTE, Pen

REJECTED: Final = 0.25
FAILED: Final = 0.1
LIVES_KEPT: Final = 5_000


@lru_cache(maxsize=LIVES_KEPT)
def voice_life(seed: int, job_id: str) -> Life:
    """A function of its arguments alone."""
    pen = Pen(chance=dice("voice life", seed, job_id))
    pen.log("CREATE_JOB", by="USER")
    pen.state("CREATING")
    _review(pen, rejected=pen.chance.random() < REJECTED)
    _train(pen)
    if pen.chance.random() < FAILED:
        pen.state("FAILED")
    else:
        _deliver(pen)
    return pen.finish()


def _review(pen: Pen, *, rejected: bool) -> None:
    for refused in (True, False) if rejected else (False,):
        pen.wait(5 * MINUTE, 3 * HOUR)
        pen.state("SYSTEM_AUDITING")
        pen.log("COMMIT_JOB", by="USER")
        pen.wait(1 * MINUTE, 10 * MINUTE)
        pen.state("AUDITING")
        pen.log("SYSTEM_AUDIT_PASS", by="SYSTEM")
        pen.wait(1 * HOUR, 8 * HOUR)
        if refused:
            pen.state("AUDIT_FAILED")
            pen.log("AUDIT_NOT_PASS", by="ADMIN", description="background noise in 12 sentences")
    pen.state("WAITING_SPLIT")
    pen.log("ADMIN_AUDIT_PASS", by="ADMIN")


def _train(pen: Pen) -> None:
    for state, longest in (("SPLITTING", 20), ("ANNOTATING", 60), ("WAITING", 120), ("PROCESSING", 60)):
        pen.wait(1 * MINUTE, longest * MINUTE)
        pen.state(state)
    pen.wait(4 * HOUR, 20 * HOUR)


def _deliver(pen: Pen) -> None:
    pen.state("RESULT_REVIEW")
    pen.log("TRAINING_FINISH", by="SYSTEM")
    pen.wait(10 * MINUTE, 4 * HOUR)
    pen.state("UPLOADING")
    pen.log("UPLOADING_MODEL", by="SYSTEM")
    pen.wait(1 * MINUTE, 20 * MINUTE)
    pen.state("SUCCEED")
    pen.log("COMPLETE_JOB", by="SYSTEM")
