"""What to change in the configuration of a source whose budget is short, or whose log entries are found late. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from poller.core.forecast import Crowd, Forecast, Terms, forecast
from poller.core.plan import RESERVE, pages_of

MARGIN: Final = (
    1.1  # a rate that is advised is so much above what is needed: intervals are shortened at random by up to a tenth
)
WHOLE_FROM: Final = 10.0  # requests a second: a rate that is advised has no decimals from here on
SLOW_LOGS: Final = 10.0  # times the wished interval: log entries that are found so late are worth a word


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """Set `key` (below the source) to `value`: requests a second of `rate`, seconds of `every.CLASS`, a word of `sweep`."""

    key: str
    value: float | str
    why: str


def advise(terms: Terms, crowds: Sequence[Crowd], now: Forecast, *, changes: float = 0.0) -> list[Advice]:
    """What would help, the cheapest first; nothing when all is as wished."""
    if not now.jobs:
        return []
    if not _is_short(now):
        return list(_for_logs(now))
    free = replace(terms, sweep="auto")
    other = forecast(free, crowds, listed=now.listed, changes=changes)
    if other.plan.stretch >= now.plan.stretch:
        return [_more_rate(terms, now), *_longer_every(now)]
    ways = {"list": "list pages", "detail": "detail calls"}
    why = f"{ways[other.plan.mode]} read all states in less time than {ways[now.plan.mode]}"
    more = [_more_rate(free, other), *_longer_every(other)] if _is_short(other) else []
    return [Advice(key="sweep", value="auto", why=why), *more]


def _is_short(now: Forecast) -> bool:
    return now.plan.stretch > 1.0 or now.used > 1.0


def _more_rate(terms: Terms, now: Forecast) -> Advice:
    """By the way of reading states that needs less, where it may be chosen."""
    wished = sum(one.jobs / one.every for one in now.classes)
    needed = {"detail": (wished + now.sweep - now.plan.sweep) * MARGIN}
    if now.listed is not None:
        needed["list"] = pages_of(now.listed) / min(one.every for one in now.classes) / (1 - RESERVE)
    way = "detail" if now.listed is None else terms.sweep
    rate = min(needed.values()) if way == "auto" else needed[way]
    why = "reads every state as often as `every` says, if the upstream allows so many requests"
    return Advice(key="rate", value=_rounded_up(rate), why=why)


def _longer_every(now: Forecast) -> Iterator[Advice]:
    """The class that costs most gives way, if that is enough; under a sweep the most urgent one, which sets its pace."""
    if now.plan.sweep_every is not None:
        urgent = min(now.classes, key=lambda one: one.every)
        value = float(math.ceil(now.plan.sweep_every))
        yield Advice(key=f"every.{urgent.state_class}", value=value, why="is what one sweep takes at this rate")
        return
    costly = max(now.classes, key=lambda one: one.jobs / one.every)
    left = costly.jobs / costly.every - (now.needed * MARGIN - now.rate)
    if left > 0:
        value = float(math.ceil(costly.jobs / left))
        yield Advice(key=f"every.{costly.state_class}", value=value, why="needs no more requests than there are")


def _for_logs(now: Forecast) -> Iterator[Advice]:
    if any(one.log_entry.typical > one.every * SLOW_LOGS for one in now.classes):
        why = "finds log entries that come without a change of state in half the time, if the upstream allows so many requests"
        yield Advice(key="rate", value=_rounded_up(now.rate + now.plan.rotation), why=why)


def _rounded_up(rate: float) -> float:
    """To a number that one would write: at most one decimal, and never nothing."""
    return float(math.ceil(rate)) if rate >= WHOLE_FROM else max(0.1, math.ceil(rate * 10) / 10)
