"""How large a bench is: the whole one, the quick one, and the one that only shows that it runs."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """`seconds` of a lap, `rounds` of laps; `watched` and `crowd` are numbers of jobs, `transitions` and `webhooks` per lap or in all."""

    rounds: int
    seconds: float
    watched: int
    crowd: int
    webhooks: int
    transitions: int
    running: float  # seconds that the daemon runs while its memory is looked at, and of a lap with many jobs
    listed: int  # jobs of an upstream whose list is swept
    fresh: float  # seconds of changes
    settled: float  # seconds before throttled requests are counted
    throttled: float  # seconds during which they are
    days: float  # virtual ones of the rotation
    owed: int  # deliveries that a dead receiver is owed
    few: int  # jobs in PostgreSQL, against which `many` are measured
    many: int
    worn: int  # polls of the many before that
    lease: float  # seconds that a killed daemon keeps its work


SCALES: Final = {
    "whole": Scale(
        rounds=11,
        seconds=1.0,
        watched=1000,
        crowd=100_000,
        webhooks=2000,
        transitions=4000,
        running=10.0,
        listed=10_000,
        fresh=100.0,
        settled=60.0,
        throttled=60.0,
        days=2.0,
        owed=50_000,
        few=10_000,
        many=1_000_000,
        worn=1_000_000,
        lease=30.0,
    ),
    "quick": Scale(
        rounds=3,
        seconds=1.0,
        watched=500,
        crowd=10_000,
        webhooks=1000,
        transitions=1000,
        running=4.0,
        listed=10_000,
        fresh=40.0,
        settled=45.0,
        throttled=30.0,
        days=1.0,
        owed=50_000,
        few=10_000,
        many=100_000,
        worn=100_000,
        lease=30.0,
    ),
    "tiny": Scale(
        rounds=1,
        seconds=0.1,
        watched=40,
        crowd=200,
        webhooks=40,
        transitions=80,
        running=0.5,
        listed=200,
        fresh=1.0,
        settled=0.5,
        throttled=1.0,
        days=0.02,
        owed=200,
        few=400,
        many=800,
        worn=1_000,
        lease=2.0,
    ),
}
