"""What is learned about how often log entries come, by state and by the time spent in it: the input of the rotation."""

from collections.abc import Iterable

from poller.core.rotation import History, age_of, estimate
from poller.core.work import Due, Poll, StatePulse
from poller.engine.ports import Clock, Roll

_Key = tuple[str, int]


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

    async def load(self) -> None:
        """Read what was learned before, and since when the source is watched."""
        if self._known is None:
            self.began = await self._roll.began(self._source, now=self._clock.now())
            pulses = await self._roll.pulses(self._source)
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

    def rate(self, due: Due, now: float) -> float:
        """Log entries a second to expect of this job."""
        own = History(entries=due.quiet_entries, seconds=now - (due.first_looked_at or now))
        return estimate((self._known or {}).get(_key(due, now), History()), own)

    def observe(self, ended: Iterable[tuple[Due, Poll]]) -> None:
        """Learn from polls that brought an answer."""
        for due, poll in ended:
            if due.looked_at is None or poll.seen_at is None:
                continue
            entries = (poll.quiet_entries or due.quiet_entries) - due.quiet_entries
            key = _key(due, poll.seen_at)
            more = History(entries=entries, seconds=max(0.0, poll.seen_at - due.looked_at))
            for histories in (self._news, self._known if self._known is not None else {}):
                histories[key] = _sum(histories.get(key, History()), more)


def _key(due: Due, now: float) -> _Key:
    return due.state or "", age_of(now - due.state_since)


def _sum(one: History, other: History) -> History:
    return History(entries=one.entries + other.entries, seconds=one.seconds + other.seconds)
