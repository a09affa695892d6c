"""The clock of the wall jumps: who notices, and what is done about it."""

from dataclasses import dataclass, field

from poller.daemon.timekeeping import Timekeeper
from poller.errors import StoreUnavailable

HOUR = 3600.0


@dataclass
class TwoClocks:
    wall: float = 1e9
    steady: float = 50.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_(self, seconds: float, *, jump: float = 0.0) -> None:
        self.steady += seconds
        self.wall += seconds + jump


@dataclass
class Planned:
    """Mends `ahead` seconds, unless it is away."""

    ahead: float = 0.0
    away: bool = False
    asked: list[tuple[float, float]] = field(default_factory=list)

    async def mend(self, *, now: float, set_back: float) -> float:
        self.asked.append((now, set_back))
        if self.away:
            raise StoreUnavailable("away")
        return self.ahead


async def test_the_rows_are_looked_at_once_at_the_start_and_after_a_jump_back_only() -> None:
    clock, planned, looked = TwoClocks(), Planned(), []
    keeper = Timekeeper(clock, planned, lambda: looked.append(1))
    for jump in (0.0, 0.0, 6 * HOUR, -2.0, 0.0):
        await keeper.round()
        clock.pass_(1.0, jump=jump)
    assert len(planned.asked) == 1
    planned.ahead = 3 * HOUR
    clock.pass_(1.0, jump=-3 * HOUR)
    await keeper.round()
    await keeper.round()
    assert planned.asked[1:] == [(clock.now(), 3 * HOUR)]
    assert len(looked) == 1


async def test_a_database_that_is_away_is_asked_again() -> None:
    clock, planned, looked = TwoClocks(), Planned(ahead=HOUR, away=True), []
    keeper = Timekeeper(clock, planned, lambda: looked.append(1))
    await keeper.round()
    for _ in range(2):
        clock.pass_(1.0, jump=-HOUR)
        await keeper.round()
    assert looked == []
    planned.away = False
    await keeper.round()
    await keeper.round()
    assert [set_back for _, set_back in planned.asked] == [0.0, HOUR, 2 * HOUR, 2 * HOUR]
    assert len(looked) == 1
