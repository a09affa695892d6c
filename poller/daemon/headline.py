"""The daemon in one line, for `systemctl status`: what is wrong first, then what there is. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from poller.core.listing import DeliveryCount, JobCount
from poller.core.vocabulary import CLASSES

_NAMED: Final = 3  # sources and notifiers by name; of more only the number


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """What the line says. `sources` and `notifiers` count the configured ones; `blind` and `disabled` name some of them."""

    sources: int
    notifiers: int
    jobs: Sequence[JobCount]
    overdue: int
    owed: Sequence[DeliveryCount]
    blind: Sequence[str]
    disabled: Sequence[str]


def headline(numbers: Numbers) -> str:
    """Such as `blind: prod; 142 jobs: 40 active, 102 done; 3 polls overdue; deliveries: 5 pending, 1 dead`."""
    parts = [
        _names("blind", numbers.blind),
        _names("disabled", numbers.disabled),
        "" if numbers.sources else "no source configured: nothing is polled",
        "" if numbers.notifiers else "no notifier configured: nobody is told",
        _jobs(numbers.jobs),
        f"{_counted(numbers.overdue, 'poll')} overdue" if numbers.overdue else "",
        _deliveries(numbers.owed),
    ]
    return "; ".join(part for part in parts if part)


def _names(word: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{word}: {', '.join(names[:_NAMED])}{more}"


def _jobs(jobs: Sequence[JobCount]) -> str:
    by_class: Counter[str] = Counter()
    for one in jobs:
        by_class[one.state_class] += one.jobs
    total = by_class.total()
    found = ", ".join(f"{by_class[name]} {name}" for name in CLASSES if by_class[name])
    return f"{_counted(total, 'job')}: {found}" if total else "no jobs"


def _deliveries(owed: Sequence[DeliveryCount]) -> str:
    pending, dead = sum(one.pending for one in owed), sum(one.dead for one in owed)
    if not pending and not dead:
        return "all delivered"
    return f"deliveries: {pending} pending, {dead} dead"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
