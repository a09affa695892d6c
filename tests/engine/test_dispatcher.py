"""What is owed is delivered, retried, given up; the notifier is scripted, the storage is real."""

import anyio

from poller.core.bundling import Window, bundle_id
from poller.core.delivery import Delivered, Gone, Rejected, Retry, Unavailable
from poller.core.event import Event
from poller.core.listing import DeliveryFilter
from poller.core.notices import test_event as make_test_event
from poller.core.work import Told
from tests.engine.conftest import House, eventually, settle_down
from tests.engine.stage import START, seen


async def live(house: House, *job_ids: str) -> None:
    """Record a short life of each job: WATCHED, CREATE, STARTED."""
    await house.watch(*job_ids)
    house.source.script = {job_id: seen("TRAINING", "CREATE", "STARTED") for job_id in job_ids}
    async with house.poller() as poller:
        await settle_down(poller)


async def test_everything_owed_is_delivered_in_the_order_of_each_job(house: House) -> None:
    jobs = [f"job{number}" for number in range(10)]
    await live(house, *jobs)
    async with house.dispatcher() as dispatcher:
        await settle_down(dispatcher)
    for job in jobs:
        assert [event.transition for event in house.notifier.told if event.job_id == job] == [
            "WATCHED",
            "CREATE",
            "STARTED",
        ]
    assert {row.state for row in await house.owed()} == {"delivered"}


async def test_a_later_event_waits_until_the_earlier_one_is_accepted(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Retry(reason="HTTP 500")]
    async with house.dispatcher() as dispatcher:
        await settle_down(dispatcher)
        assert [event.transition for event in house.notifier.told] == ["WATCHED"]
        house.clock.pass_(5)
        await settle_down(dispatcher)
    assert [event.transition for event in house.notifier.told] == ["WATCHED", "WATCHED", "CREATE", "STARTED"]


async def test_without_order_a_failing_event_holds_back_no_later_one(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Retry(reason="HTTP 500")]
    async with house.dispatcher(ordered=False) as dispatcher:
        await settle_down(dispatcher)
    assert [event.transition for event in house.notifier.told] == ["WATCHED", "CREATE", "STARTED"]
    assert [row.state for row in await house.owed()] == ["pending", "delivered", "delivered"]


async def test_the_waits_of_the_configuration_are_kept_in_the_rows_and_then_it_is_dead(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Retry(reason="HTTP 500")] * 3
    for wait in (5.0, 60.0):
        async with house.dispatcher() as dispatcher:  # a new one each time: a restart changes nothing
            await settle_down(dispatcher)
        first = (await house.owed())[0]
        assert (first.state, first.next_attempt_at) == ("pending", house.clock.now() + wait)
        house.clock.pass_(wait)
    async with house.dispatcher() as dispatcher:
        await settle_down(dispatcher)
    first, *later = await house.owed()
    assert (first.state, first.attempts, first.last_error) == ("dead", 3, "HTTP 500")
    assert [row.state for row in later] == ["delivered", "delivered"]


async def test_a_rejected_delivery_is_dead_at_once(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Rejected(reason="no such mailbox")]
    async with house.dispatcher() as dispatcher:
        await settle_down(dispatcher)
    assert [row.state for row in await house.owed()] == ["dead", "delivered", "delivered"]


async def test_a_receiver_that_is_gone_is_left_alone_until_an_operator_says_otherwise(house: House) -> None:
    await live(house, "a", "b")
    house.notifier.outcomes = [Gone(reason="HTTP 410")]
    async with house.dispatcher(concurrency=1) as dispatcher:
        await settle_down(dispatcher)
        house.clock.pass_(3600)
        await settle_down(dispatcher)
        assert len(house.notifier.told) == 1
        assert {row.state for row in await house.owed()} == {"pending"}
        dispatcher.enable()
        await settle_down(dispatcher)
    assert {row.state for row in await house.owed()} == {"delivered"}
    assert [event.transition for event in house.announced] == ["DISABLED", "RECOVERED"]


async def test_a_hanging_receiver_delays_no_other_job(house: House) -> None:
    await live(house, "a", "b")
    answer = anyio.Event()

    async def before(event: Event) -> None:
        if event.job_id == "a":
            await answer.wait()

    house.notifier.before = before
    async with house.dispatcher(concurrency=2) as dispatcher:
        with anyio.fail_after(10):
            while len([event for event in house.notifier.told if event.job_id == "b"]) < 3:
                await dispatcher.round()
                await dispatcher.bell.wait(0.01)
        assert [event.transition for event in house.notifier.told if event.job_id == "a"] == ["WATCHED"]
        answer.set()
        await settle_down(dispatcher)
    assert {row.state for row in await house.owed()} == {"delivered"}


async def test_a_bug_met_by_one_delivery_is_retried_and_logged(house: House) -> None:
    await live(house, "a")

    async def before(event: Event) -> None:
        if len(house.notifier.told) == 1:
            raise RuntimeError(event.id)

    house.notifier.before = before
    async with house.dispatcher() as dispatcher:
        await settle_down(dispatcher)
        assert (await house.owed())[0].last_error == "internal error, see the log"
        house.clock.pass_(5)
        await settle_down(dispatcher)
    assert {row.state for row in await house.owed()} == {"delivered"}


async def test_an_event_without_a_job_waits_for_nobody(house: House) -> None:
    await live(house, "a")
    await house.store.ledger.announce(Told(event=make_test_event("backend", now=START), notifiers=("backend",)))
    house.notifier.outcomes = [Retry(reason="HTTP 500"), Delivered()]
    async with house.dispatcher(concurrency=1) as dispatcher:
        await settle_down(dispatcher)
    assert [event.transition for event in house.notifier.told] == ["WATCHED", "TEST"]


async def test_a_discarded_delivery_stays_discarded_though_its_attempt_was_under_way(house: House) -> None:
    await live(house, "a")
    answer = anyio.Event()

    async def before(_: Event) -> None:
        await answer.wait()

    house.notifier.before = before
    async with house.dispatcher() as dispatcher:
        await dispatcher.round()
        first = (await house.owed())[0]
        await eventually(lambda: bool(house.notifier.told))
        await house.store.backlog.discard(DeliveryFilter(ids=(first.id,)), now=START)
        answer.set()
        await settle_down(dispatcher)
    assert [row.state for row in await house.owed()] == ["discarded", "delivered", "delivered"]


async def test_what_comes_within_the_window_is_one_attempt_and_ends_together(house: House) -> None:
    await live(house, "a", "b")
    house.notifier.outcomes = [Retry(reason="HTTP 500"), Delivered()]
    async with house.dispatcher(concurrency=1, window=Window(shared="job", seconds=30.0)) as dispatcher:
        await settle_down(dispatcher)
        assert house.notifier.notified == []
        house.clock.pass_(30)
        await settle_down(dispatcher)
        assert [len(one.events) for one in house.notifier.notified] == [3, 3]
        assert [(row.state, row.attempts) for row in await house.owed()] == [("pending", 1)] * 3 + [
            ("delivered", 1)
        ] * 3
        house.clock.pass_(5)
        await settle_down(dispatcher)
    first, _, again = house.notifier.notified
    assert again == first
    assert first.id == bundle_id([event.id for event in first.events])
    assert {row.state for row in await house.owed()} == {"delivered"}


async def test_a_window_goes_on_through_a_restart(house: House) -> None:
    window = Window(shared="job", seconds=30.0)
    await live(house, "a")
    async with house.dispatcher(window=window) as dispatcher:
        await settle_down(dispatcher)
        house.clock.pass_(29)
        await settle_down(dispatcher)
    async with house.dispatcher(window=window) as dispatcher:
        await settle_down(dispatcher)
        assert house.notifier.notified == []
        house.clock.pass_(1)
        await settle_down(dispatcher)
    assert [len(one.events) for one in house.notifier.notified] == [3]


async def test_each_recipient_is_told_and_a_refusal_of_one_is_its_own(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Rejected(reason="no such mailbox")]
    async with house.dispatcher(concurrency=1, recipients=("x@example.com", "y@example.com")) as dispatcher:
        await settle_down(dispatcher)
    assert [(row.recipient, row.state) for row in await house.owed() if row.transition == "WATCHED"] == [
        ("x@example.com", "dead"),
        ("y@example.com", "delivered"),
    ]
    assert [one.recipient for one in house.notifier.notified].count("y@example.com") == 3


async def test_a_notifier_that_cannot_work_pauses_and_what_it_owes_uses_up_no_attempt(house: House) -> None:
    await live(house, "a", "b")
    house.notifier.outcomes = [Unavailable(reason="SMTP 535")] * 2
    async with house.dispatcher(concurrency=1) as dispatcher:
        for pause, attempts in ((29.9, 1), (0.2, 2), (59.0, 2)):
            await settle_down(dispatcher)
            house.clock.pass_(pause)
            await settle_down(dispatcher)
            assert len(house.notifier.notified) == attempts
        assert {(row.state, row.attempts) for row in await house.owed()} == {("pending", 0)}
        assert "SMTP 535" in {row.last_error for row in await house.owed()}
        house.clock.pass_(1.1)
        await settle_down(dispatcher)
    assert {(row.state, row.attempts) for row in await house.owed()} == {("delivered", 1)}


async def test_an_operator_ends_the_pause_of_a_notifier(house: House) -> None:
    await live(house, "a")
    house.notifier.outcomes = [Unavailable(reason="SMTP 535")]
    async with house.dispatcher(concurrency=1) as dispatcher:
        await settle_down(dispatcher)
        dispatcher.enable()
        await settle_down(dispatcher)
    assert {row.state for row in await house.owed()} == {"delivered"}
