"""A receiver in trouble: probed with one attempt at growing pauses, told of once, also by the next daemon."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from poller.core.delivery import Delivered, Gone, Outcome, Rejected, Retry
from poller.core.listing import DeliveryFilter
from poller.core.work import Fallback
from poller.engine.dispatcher import Dispatcher
from tests.engine.conftest import House, settle_down
from tests.engine.test_dispatcher import live

DOWN = Retry(reason="HTTP 503")


@asynccontextmanager
async def failing(
    house: House, *jobs: str, fallback: Fallback | None = None, waits: tuple[float, ...] = (5.0,) + (120.0,) * 39
) -> AsyncIterator[Dispatcher]:
    """A notifier whose receiver has been down for long enough."""
    await live(house, *jobs)
    house.notifier.outcomes = [DOWN] * 10_000
    async with house.dispatcher(concurrency=1, ordered=False, waits=waits, fallback=fallback) as dispatcher:
        await settle_down(dispatcher)
        house.clock.pass_(16)
        await settle_down(dispatcher)
        yield dispatcher


async def attempts_within(house: House, dispatcher: Dispatcher, seconds: int) -> int:
    before = len(house.notifier.told)
    for _ in range(seconds):
        house.clock.pass_(1)
        await settle_down(dispatcher)
    return len(house.notifier.told) - before


async def test_a_receiver_that_is_down_is_probed_by_one_attempt_at_growing_pauses(house: House) -> None:
    async with failing(house, *map(str, range(20))) as dispatcher:
        assert dispatcher.is_failing
        assert await attempts_within(house, dispatcher, 300) == pytest.approx(
            7, abs=2
        )  # after 5, 10, 20, 40, 60, 60 … s
    assert [event.transition for event in house.announced] == ["FAILING"]


async def test_no_rest_is_longer_than_the_longest_wait_between_attempts(house: House) -> None:
    async with failing(house, *map(str, range(20)), waits=(2.0,) * 400) as dispatcher:
        await attempts_within(house, dispatcher, 120)
        house.notifier.outcomes = []
        await attempts_within(house, dispatcher, 5)
        assert [event.transition for event in house.announced] == ["FAILING", "RECOVERED"]
        assert {row.state for row in await house.owed()} == {"delivered"}


async def test_what_waits_loses_no_attempt_while_the_receiver_is_down(house: House) -> None:
    async with failing(house, *map(str, range(20))) as dispatcher:
        before = sum(row.attempts for row in await house.owed())
        tried = await attempts_within(house, dispatcher, 120)
        assert sum(row.attempts for row in await house.owed()) - before == tried
        assert {row.state for row in await house.owed()} == {"pending"}


async def test_the_first_delivery_ends_it_and_is_told_once(house: House) -> None:
    async with failing(house, "a", "b") as dispatcher:
        house.notifier.outcomes = []
        house.clock.pass_(3600)
        await settle_down(dispatcher)
        assert not dispatcher.is_failing
    assert {row.state for row in await house.owed()} == {"delivered"}
    assert [event.transition for event in house.announced] == ["FAILING", "RECOVERED"]
    assert house.announced[1].data["reason"] == "HTTP 503"


async def test_a_restart_repeats_nothing_begins_with_a_probe_and_loses_no_recovery(house: House) -> None:
    async with failing(house, *map(str, range(20))):
        pass
    before = len(house.notifier.told)
    async with house.dispatcher(concurrency=4, ordered=False, waits=(5.0,) * 40) as dispatcher:
        await settle_down(dispatcher)
        assert len(house.notifier.told) == before + 1
        house.notifier.outcomes = []
        house.clock.pass_(3600)
        await settle_down(dispatcher)
    assert [event.transition for event in house.announced] == ["FAILING", "RECOVERED"]


async def test_a_notifier_that_was_disabled_recovers_after_a_reload_too(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Gone(reason="HTTP 410")]
    async with house.dispatcher(concurrency=1) as dispatcher:
        await settle_down(dispatcher)
        assert dispatcher.disabled == "HTTP 410"
    async with house.dispatcher(concurrency=1) as dispatcher:  # a reload makes a new one
        await settle_down(dispatcher)
    assert [event.transition for event in house.announced] == ["DISABLED", "RECOVERED"]
    assert {row.state for row in await house.owed()} == {"delivered"}


@pytest.mark.parametrize("outcomes", [[DOWN] * 3 + [Delivered()], [Rejected(reason="550"), Delivered()]])
async def test_a_few_failures_are_no_trouble(house: House, outcomes: list[Outcome]) -> None:
    await live(house, "a", "b", "c")
    house.notifier.outcomes = outcomes * 5
    async with house.dispatcher(concurrency=1, ordered=False, waits=(5.0,) * 9) as dispatcher:
        for _ in range(20):
            await settle_down(dispatcher)
            house.clock.pass_(5)
        assert not dispatcher.is_failing
    assert house.announced == []


async def test_an_operator_who_retries_does_not_wait_for_the_pause(house: House) -> None:
    async with failing(house, "a") as dispatcher:
        house.notifier.outcomes = []
        await house.store.backlog.retry(DeliveryFilter(notifier="backend"), now=house.clock.now())
        dispatcher.enable()
        await settle_down(dispatcher)
    assert {row.state for row in await house.owed()} == {"delivered"}


async def test_the_fallback_is_owed_what_failed_and_what_was_not_even_tried(house: House) -> None:
    async with failing(
        house, *map(str, range(30)), fallback=Fallback(notifier="ops", after=3), waits=(5.0,) * 40
    ) as dispatcher:
        tried = {row.event_id for row in await house.owed() if row.notifier == "backend" and row.attempts >= 3}
        await attempts_within(house, dispatcher, 60)
    rows = await house.owed()
    handed = [row.event_id for row in rows if row.notifier == "ops"]
    assert tried <= set(handed)
    assert sorted(handed) == sorted(row.event_id for row in rows if row.notifier == "backend")
