"""What is counted is what happened: outcomes by name, no refused change, and no lag of what was there before anybody watched."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from poller.core.delivery import Delivery
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.core.reading import Absent, Denied, Failed, Page, Reading, Refused, Same, Target
from poller.core.work import Poll, Told
from poller.daemon.counted import CountedHttp, CountedLedger, CountedOutbox, CountedSource
from poller.engine.lateness import LATE, has_turn
from poller.host.clock import SystemClock
from poller.store.store import Store, open_store
from poller.web.tally import Spread, Tally
from tests.core.samples import NOON
from tests.engine.stage import HandClock
from tests.store import making

TARGET = Target(job_id="a")
REPLY = Reply(status=429, headers={}, body=b"", received_at=0.0)


class Upstream:
    """A source and its HTTP, which answer what they are given."""

    name = "prod"
    can_list = True
    living_states: tuple[str, ...] = ()

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def classify(self, state: str | None) -> Any:
        return "unknown"

    async def fetch(self, target: Target) -> Reading:
        return self.answer  # type: ignore[no-any-return]  # what the test gives

    async def list(self, query: Any) -> Any:
        return self.answer

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        return self.answer  # type: ignore[no-any-return]  # what the test gives


@pytest.mark.parametrize(
    ("reading", "outcome", "read", "throttled"),
    [
        (Same(), "same", True, 0),
        (Absent(reason="x"), "absent", True, 0),
        (Refused(reason="x"), "refused", True, 0),
        (Failed(kind="throttled", reason="x"), "throttled", False, 1),
        (Failed(kind="outage", reason="x"), "outage", False, 0),
        (Denied(reason="x", after=1.0), "denied", False, 0),
    ],
)
async def test_a_poll_is_counted_by_what_came_of_it(reading: Any, outcome: str, read: bool, throttled: int) -> None:
    tally = Tally()

    assert await CountedSource(Upstream(reading), SystemClock(), tally).fetch(TARGET) is reading

    assert tally.polls == {("prod", outcome): 1}
    assert (tally.read, tally.throttled["prod"]) == ({"prod"} if read else set(), throttled)
    assert sum(tally.poll_seconds["prod"].counts) == 1


async def test_a_list_page_is_counted_apart_and_makes_the_source_read() -> None:
    tally = Tally()

    await CountedSource(Upstream(Page(jobs=(), total=0, full=False)), SystemClock(), tally).list(None)  # type: ignore[arg-type]  # not looked at

    assert (tally.pages, tally.polls, tally.read) == ({("prod", "page"): 1}, {}, {"prod"})


@pytest.mark.parametrize(
    ("exchange", "status"),
    [
        (REPLY, "429"),
        (Broken(how="timeout", detail="no answer"), "broken"),
        (Broken(how="disconnected", detail="gone", resent=True), "broken"),
    ],
)
async def test_a_request_is_counted_by_its_status(exchange: Exchange, status: str) -> None:
    tally, again = Tally(), list[int]()
    http = CountedHttp(Upstream(exchange), "prod", HandClock(), tally, lambda: again.append(1))

    request = Request(method="GET", url="https://example.com/planted")
    assert await http.send(request, timeout=1.0, limit=1) is exchange
    assert tally.requests == {("prod", status): 1}
    assert len(again) == exchange.resent


async def test_a_request_that_goes_later_than_its_turn_was_has_to_be_paid_for_again() -> None:
    clock, unpaid = HandClock(), list[float]()
    http = CountedHttp(Upstream(REPLY), "prod", clock, Tally(), lambda: unpaid.append(clock.at))

    async def ask(after: float) -> None:
        has_turn(clock.at)
        clock.pass_(after)
        for _ in range(2):  # a turn is for one request
            await http.send(Request(method="GET", url="https://example.com/"), timeout=1.0, limit=1)

    await ask(LATE - 0.01)
    assert unpaid == []
    await ask(LATE + 0.01)
    assert unpaid == [clock.at]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "poller.db") as opened:
        yield opened


async def _recorded(store: Store, polls: Sequence[Poll]) -> tuple[Tally, int]:
    rung: list[None] = []
    tally = Tally()
    await CountedLedger(store.ledger, tally, lambda: rung.append(None)).record(polls)
    return tally, len(rung)


async def test_events_are_counted_by_type_and_their_lag_by_source_but_not_at_a_first_look(store: Store) -> None:
    await making.watch(store, "a")
    (due,) = await making.claim(store)
    first = making.changed(due, making.event("a", 1))

    tally, rings = await _recorded(store, [first])

    assert tally.events == {("prod", "poller.job.state_changed"): 1}
    assert (sum(tally.lag["prod"].counts), rings) == (0, 1)

    due = await making.due_of(store, "a", now=NOON + 60)
    event = making.event("a", 2, now=NOON + 60)._replace(time="2023-12-09T07:31:50.120Z")
    tally, _ = await _recorded(store, [making.changed(due, event, now=NOON + 60)])

    assert tally.lag["prod"].total == pytest.approx(60.0)


async def test_a_change_that_was_refused_is_not_counted(store: Store) -> None:
    await making.watch(store, "a")
    (due,) = await making.claim(store)
    stale = making.changed(due, making.event("a", 1))._replace(revision=7)

    tally, rings = await _recorded(store, [stale])

    assert (tally.events, rings) == ({}, 0)


@pytest.mark.parametrize(("state", "outcome"), [("delivered", "delivered"), ("dead", "dead"), ("pending", "failed")])
async def test_deliveries_are_counted_by_what_became_of_them(store: Store, state: Any, outcome: str) -> None:
    tally = Tally()
    one = Delivery(id=1, event_id="e", notifier="hook", state=state, attempts=1, next_attempt_at=None)

    await CountedOutbox(store.outbox, tally).settle([one])

    assert tally.deliveries == {("hook", outcome): 1}


async def test_an_announcement_is_counted_and_rings(store: Store) -> None:
    rung: list[None] = []
    tally = Tally()
    told = Told(event=making.event("a", 1), notifiers=())

    await CountedLedger(store.ledger, tally, lambda: rung.append(None)).announce(told)

    assert (tally.events.total(), len(rung)) == (1, 1)


def test_a_spread_counts_up_to_each_bound_and_above_them_all() -> None:
    spread = Spread((1.0, 2.0))

    for value in (0.5, 1.0, 1.5, 9.0):
        spread.add(value)

    assert (spread.counts, spread.total) == ([2, 1, 1], 12.0)
