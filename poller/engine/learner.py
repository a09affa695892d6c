"""What is learned about how often log entries come, by state and by the time spent in it: the input of the rotation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from poller.core.rotation import AGES, History, age_of, estimate, expected_between, shared_all, spread_all, usual
from poller.core.work import Change, Due, Poll, Standing, StatePulse
from poller.engine.ports import Clock, Roll

NOTHING: Final = History()
_Key: TypeAlias = tuple[str, int]
_Look: TypeAlias = tuple[int, tuple[float, float]]  # entries that came since the look before, the ages at the two


class Learner:
    """Histories of one source, kept in memory and added to the storage now and then.

    A loss of the last minutes costs a little knowledge and no event. `began` is when the source was first watched, in seconds.
    """

    def __init__(self, source: str, roll: Roll, clock: Clock) -> None:
        self._source = source
        self._roll = roll
        self._clock = clock
        self.began: float | None = None
        self._known: dict[_Key, History] | None = None
        self._news: dict[_Key, History] = {}
        self._common: dict[
            str, list[float]
        ] = {}  # usual rates by state, as far as they were asked for since they changed

    async def load(self) -> None:
        """Read what was learned before, and since when the source is watched."""
        if self._known is None:
            self.began = await self._roll.began(self._source, now=self._clock.now())
            pulses = await self._roll.pulses(self._source)
            self._common.clear()
            self._known = {(one.state, one.age): History(entries=one.entries, seconds=one.seconds) for one in pulses}

    async def save(self) -> None:
        """Add what is new to the storage."""
        news, self._news = self._news, {}
        if news:
            await self._roll.learn(
                self._source,
                [
                    StatePulse(state=state, age=age, entries=one.entries, seconds=one.seconds)
                    for (state, age), one in news.items()
                ],
            )

    def rate(self, due: Due | Standing, now: float) -> float:
        """Log entries a second to expect of this job."""
        usuals = self._usuals(due.state or "")
        since = now if due.first_looked_at is None else max(due.first_looked_at, due.state_since)
        age = now - due.state_since
        usually = expected_between(usuals, since - due.state_since, age)
        return estimate(usuals[age_of(age)], due.quiet_entries, usually)

    def observe(self, ended: Iterable[tuple[Due, Poll]]) -> None:
        """Learn from polls that brought an answer, and no other state: which entries came with that is not known."""
        looks: defaultdict[str, list[_Look]] = defaultdict(list)
        for due, poll in ended:
            if (
                due.looked_at is None
                or poll.seen_at is None
                or (poll.change is not None and _has_moved(due, poll.change))
            ):
                continue
            entries = (poll.quiet_entries or due.quiet_entries) - due.quiet_entries
            ages = max(0.0, due.looked_at - due.state_since), poll.seen_at - due.state_since
            looks[due.state or ""].append((entries, ages))
        for state, found in looks.items():
            self._learn(state, found)

    def _learn(self, state: str, looks: Sequence[_Look]) -> None:
        """From looks at jobs in one state."""
        usuals = self._usuals(state)
        came = shared_all(usuals, [(entries, ages) for entries, ages in looks if entries])
        watched = spread_all([ages for _, ages in looks])
        for age, (entries, seconds) in enumerate(zip(came, watched, strict=True)):
            if seconds:
                self._add((state, age), History(entries=entries, seconds=seconds))

    def _usuals(self, state: str) -> list[float]:
        """What is usual in a state, by age in it."""
        found = self._common.get(state)
        if found is None:
            known = self._known or {}
            ages = range(len(AGES) + 1)
            found = self._common[state] = [usual(known.get((state, age), NOTHING)) for age in ages]
        return found

    def _add(self, key: _Key, more: History) -> None:
        for histories in (self._news, self._known if self._known is not None else {}):
            histories[key] = _sum(histories.get(key, NOTHING), more)
        self._common.pop(key[0], None)


def _has_moved(due: Due, change: Change) -> bool:
    snapshot = change.known.snapshot
    return snapshot is not None and snapshot.state != due.state


def _sum(one: History, other: History) -> History:
    return History(entries=one.entries + other.entries, seconds=one.seconds + other.seconds)
