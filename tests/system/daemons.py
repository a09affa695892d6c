"""Three daemons on one PostgreSQL through minutes of trouble. Run: .venv/bin/python -m tests.system.daemons [--jobs 300] [--seconds 360]

Real daemons, a real PostgreSQL, a flaky upstream and receiver; kill -9, SIGSTOP and SIGCONT, stops, restarts of the database, and one
sleep of 60 s, which is longer than the lease. Prints what happened when, the rate of requests in all stretches of several lengths, and
an audit. Exit code 1 unless everything held.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import anyio

from tests.process.fleet import KINDS, Mishap
from tests.process.ordeal import Ordeal, Outcome, undergo
from tests.system.standstill import watched

ROUND: Final = 14.0  # seconds that a round of trouble takes, about
NAP: Final = 60.0
WINDOWS: Final = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds
TOLERANCE: Final = 0.1
# Seconds: in every stretch of this length, and longer ones, no more than 10 % too much. What comes late, or was saved up, is worth 0.45 s.
STRICT: Final = 5.0
STEADY: Final = 10.0  # seconds: in every calm stretch of this length no more than 10 % too little
ALL_IN_ALL: Final = (
    30.0  # seconds: in every stretch of this length no more than 10 % too little, whatever happens in it
)
CALM_AFTER: Final = {"restart": 5.0}  # seconds until all is as usual again, by kind
CALM: Final = 3.0  # seconds, for the others


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.daemons", description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=360.0, help="that the lives of all jobs take")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second, of all daemons together")
    parser.add_argument("--lease", type=float, default=30.0, help="seconds")
    parser.add_argument(
        "--sweep",
        default="detail",
        choices=["detail", "list", "auto"],
        help="a sweep waits for the lease of a dead one",
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(arguments)
    ordeal = Ordeal(
        jobs=options.jobs,
        seconds=options.seconds,
        rate=options.rate,
        lease=options.lease,
        rounds=max(len(KINDS), int((options.seconds - NAP) / ROUND) // len(KINDS) * len(KINDS)),
        gaps=(2.0, 8.0),
        nap=NAP,
        sweep=options.sweep,
    )
    _say(f"seed {options.seed}, {ordeal}")
    with tempfile.TemporaryDirectory(prefix="poller-daemons-") as folder, watched() as standstills:
        outcome = anyio.run(undergo, ordeal, Path(folder), options.seed)
    for line in _lines(outcome, ordeal):
        _say(line)
    _say(f"the machine had no time for the trial: {standstills.told(outcome.lived)}")
    problems = list(_problems(outcome, ordeal))
    for problem in problems:
        _say(f"FAILED: {problem}")
    _say(f"the log is in {_kept(outcome.log)}" if problems else "all held")
    return int(bool(problems))


def _lines(outcome: Outcome, ordeal: Ordeal) -> Iterator[str]:
    began, ended = outcome.lived
    for one in outcome.mishaps:
        rate = outcome.speed.mean((one.began, min(ended, one.ended + _calm_after(one))))
        yield (
            f"{one.began - began:7.1f} s  {one.kind:8}{one.daemon:2}  {one.ended - one.began:5.1f} s, {rate:5.1f} requests/s"
        )
    yield f"trouble:  {dict(Counter(one.kind for one in outcome.mishaps))} in {ended - began:.0f} s"
    for seconds in WINDOWS:
        most = outcome.speed.most(seconds, outcome.lived) / ordeal.rate
        yield f"stretches of {seconds:4.0f} s: at most {most:.3f} of the rate{''.join(_least(outcome, ordeal, seconds))}"
    slowest = outcome.speed.least(STEADY, _calm(outcome))
    if slowest is not None:
        moments = [slowest[1] + number for number in range(int(STEADY))]
        yield f"the slowest of {STEADY:.0f} s, by second: {[round(outcome.speed.mean((at, at + 1))) for at in moments]}"
    yield f"over all: {outcome.speed.mean(outcome.lived) / ordeal.rate:.3f} of the rate"
    yield outcome.verdict.summary


def _least(outcome: Outcome, ordeal: Ordeal, seconds: float) -> Iterator[str]:
    for which, stretches in (("", [outcome.lived]), (" calm", _calm(outcome))):
        least = outcome.speed.least(seconds, stretches)
        if least is not None:
            yield f",{which} at least {least[0] / ordeal.rate:.3f} (from {least[1] - outcome.lived[0]:.1f} s)"


def _problems(outcome: Outcome, ordeal: Ordeal) -> Iterator[str]:
    if not outcome.verdict.ok:
        yield "upstream and receiver disagree"
    if outcome.altered:
        yield f"{outcome.altered} events came again with another body"
    if any(outcome.exit_codes):
        yield f"exit codes {outcome.exit_codes}"
    for sign in ("Traceback", "because of a bug"):
        if sign in outcome.log:
            yield f"the log has {sign!r}"
    for seconds in WINDOWS:
        most = outcome.speed.most(seconds, outcome.lived) / ordeal.rate
        if seconds >= STRICT and most > 1 + TOLERANCE + 1 / (seconds * ordeal.rate):
            yield f"{most:.3f} of the rate in a stretch of {seconds:.0f} s"
    least = outcome.speed.least(STEADY, _calm(outcome))
    if least is not None and least[0] < (1 - TOLERANCE) * ordeal.rate:
        yield f"{least[0] / ordeal.rate:.3f} of the rate in a calm stretch of {STEADY:.0f} s"
    lowest = outcome.speed.least(ALL_IN_ALL, [outcome.lived])
    if lowest is not None and lowest[0] < (1 - TOLERANCE) * ordeal.rate:
        yield f"{lowest[0] / ordeal.rate:.3f} of the rate in a stretch of {ALL_IN_ALL:.0f} s"


def _calm(outcome: Outcome) -> list[tuple[float, float]]:
    """When nothing happened, nor had happened just before; one daemon of three may be asleep, or dead."""
    at, stretches = outcome.lived[0], list[tuple[float, float]]()
    for one in outcome.mishaps:
        edges = [(at, one.began)]
        if one.kind in {"pause", "sleep"}:
            edges.append((one.began + CALM, one.ended))
        stretches += [(begin, end) for begin, end in edges if end > begin]
        at = one.ended + _calm_after(one)
    return [*stretches, (at, outcome.lived[1])]


def _calm_after(one: Mishap) -> float:
    return CALM_AFTER.get(one.kind, CALM)


def _kept(log: str) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="poller-daemons-", suffix=".log", delete=False) as file:
        file.write(log)
    return file.name


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
