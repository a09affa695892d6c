"""The gate: one at a time until proven, never more than three failures in a row, one probe after each rest, and nobody hangs."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import anyio
import pytest

from poller.core.breaker import CREDENTIAL_FAILURES, CREDENTIAL_PAUSE_CAP, PAUSE_FLOOR
from poller.core.reading import Denied, Failed
from poller.sources.huawei.door import Ticket
from poller.sources.huawei.gate import VERDICT_SECONDS, Gate
from tests.sources.conftest import HandClock

PATIENCE = 5.0


@pytest.fixture
def gate(clock: HandClock) -> Gate:
    return Gate(clock.now)


async def admitted(gate: Gate) -> Ticket:
    async with gate.admit(PATIENCE) as ticket:
        assert isinstance(ticket, Ticket), ticket
        return ticket


async def fail(gate: Gate, *, renewable: bool = False) -> None:
    async with gate.admit(PATIENCE) as ticket:
        assert isinstance(ticket, Ticket), ticket
        gate.refused(ticket, "HTTP 401", renewable=renewable)


async def shut(gate: Gate) -> Denied:
    async with gate.admit(PATIENCE) as denied:
        assert isinstance(denied, Denied), denied
        return denied


async def tickets(gate: Gate, count: int, stack: AsyncExitStack) -> list[Ticket]:
    """As many requests under way at once as the gate lets through."""
    given = [await stack.enter_async_context(gate.admit(0.01)) for _ in range(count)]
    return [ticket for ticket in given if isinstance(ticket, Ticket)]


async def test_an_unproven_credential_lets_one_request_through_at_a_time(gate: Gate) -> None:
    async with AsyncExitStack() as stack:
        assert len(await tickets(gate, 4, stack)) == 1


async def test_a_proven_one_lets_as_many_through_as_may_fail(gate: Gate) -> None:
    gate.accepted(await admitted(gate))
    async with AsyncExitStack() as stack:
        assert len(await tickets(gate, 16, stack)) == CREDENTIAL_FAILURES


async def test_an_accepted_request_speaks_for_those_sent_before_it(gate: Gate) -> None:
    gate.accepted(await admitted(gate))
    async with AsyncExitStack() as stack:
        first, second, third = await tickets(gate, CREDENTIAL_FAILURES, stack)
        gate.accepted(second)
        assert len(await tickets(gate, 4, stack)) == 2
        gate.accepted(first)
        assert await tickets(gate, 4, stack) == []
        gate.refused(third, "HTTP 401", renewable=False)
        gate.accepted(second)  # sent before the failure: it says nothing any more
        assert await tickets(gate, 4, stack) == []
    await admitted(gate)


async def test_slow_answers_hold_nobody_up_because_refusals_are_quick(gate: Gate) -> None:
    gate.accepted(await admitted(gate))
    async with AsyncExitStack() as stack:
        assert len(await tickets(gate, CREDENTIAL_FAILURES, stack)) == CREDENTIAL_FAILURES
        began = anyio.current_time()
        for _ in range(4):
            ticket = await stack.enter_async_context(gate.admit(PATIENCE))
            assert isinstance(ticket, Ticket)
        assert VERDICT_SECONDS * 0.9 <= anyio.current_time() - began < VERDICT_SECONDS * 4


async def test_whatever_is_under_way_no_more_than_three_fail_before_the_rest(gate: Gate) -> None:
    gate.accepted(await admitted(gate))
    sent = 0

    async def refused_after(turns: int) -> None:
        nonlocal sent
        async with gate.admit(PATIENCE) as ticket:
            if isinstance(ticket, Ticket):
                sent += 1
                for _ in range(turns):
                    await anyio.lowlevel.checkpoint()
                gate.refused(ticket, "HTTP 401", renewable=False)

    async with anyio.create_task_group() as group:
        for number in range(16):
            group.start_soon(refused_after, number % 5)
    assert sent == CREDENTIAL_FAILURES
    await shut(gate)


async def test_neither_success_nor_failure_leaves_it_unproven(gate: Gate) -> None:
    await admitted(gate)
    async with AsyncExitStack() as stack:
        assert len(await tickets(gate, 4, stack)) == 1


async def test_one_failure_makes_a_proven_credential_unproven(gate: Gate) -> None:
    gate.accepted(await admitted(gate))
    await fail(gate)
    async with AsyncExitStack() as stack:
        assert len(await tickets(gate, 4, stack)) == 1


async def test_after_three_failures_it_is_shut_for_five_seconds_and_says_why(gate: Gate, clock: HandClock) -> None:
    for _ in range(CREDENTIAL_FAILURES):
        await fail(gate)
    assert await shut(gate) == Denied(reason="credentials not accepted: HTTP 401", after=PAUSE_FLOOR)
    clock.at += PAUSE_FLOOR - 1
    assert (await shut(gate)).after == 1


async def test_each_failed_probe_doubles_the_rest_up_to_half_an_hour(gate: Gate, clock: HandClock) -> None:
    for _ in range(CREDENTIAL_FAILURES):
        await fail(gate)
    rests = []
    for _ in range(11):
        rests.append((await shut(gate)).after)
        clock.at += rests[-1]
        await fail(gate)
    assert rests == [min(PAUSE_FLOOR * 2**step, CREDENTIAL_PAUSE_CAP) for step in range(11)]


async def test_a_probe_that_succeeds_opens_it_and_three_failures_are_needed_again(gate: Gate, clock: HandClock) -> None:
    for _ in range(CREDENTIAL_FAILURES):
        await fail(gate)
    clock.at += PAUSE_FLOOR
    gate.accepted(await admitted(gate))
    for _ in range(CREDENTIAL_FAILURES):
        await fail(gate)
    assert (await shut(gate)).after == PAUSE_FLOOR


async def test_a_success_between_failures_starts_the_count_anew(gate: Gate) -> None:
    for _ in range(3):
        await fail(gate)
        await fail(gate)
        gate.accepted(await admitted(gate))


async def test_what_was_under_way_when_a_failure_came_neither_opens_the_gate_nor_doubles_the_rest(
    gate: Gate, clock: HandClock
) -> None:
    gate.accepted(await admitted(gate))
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(gate.admit(PATIENCE)) for _ in range(CREDENTIAL_FAILURES + 2)]
        under_way = [ticket for ticket in slow if isinstance(ticket, Ticket)]
        for ticket in under_way[:-2]:
            gate.refused(ticket, "HTTP 401", renewable=False)
        gate.accepted(under_way[-2])
        assert (await shut(gate)).after == PAUSE_FLOOR
        clock.at += PAUSE_FLOOR
        gate.refused(under_way[-1], "HTTP 401", renewable=False)  # took longer than the rest
    assert (await admitted(gate)).probe


async def test_with_a_renewable_credential_those_under_way_count_as_one(gate: Gate) -> None:
    gate.accepted(await admitted(gate))
    async with AsyncExitStack() as stack:
        for ticket in await tickets(gate, 16, stack):
            gate.refused(ticket, "HTTP 401", renewable=True)
    await fail(gate, renewable=True)
    await fail(gate, renewable=True)
    await shut(gate)


async def test_who_waits_learns_from_the_one_in_front(gate: Gate) -> None:
    outcomes: list[str] = []

    async def wait() -> None:
        async with gate.admit(PATIENCE) as ticket:
            outcomes.append(type(ticket).__name__)

    async with anyio.create_task_group() as group, gate.admit(PATIENCE) as first:
        assert isinstance(first, Ticket)
        for _ in range(5):
            group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert outcomes == []
        for _ in range(CREDENTIAL_FAILURES):
            gate.refused(Ticket(epoch=first.epoch, probe=False), "HTTP 401", renewable=False)
    assert outcomes == ["Denied"] * 5


@pytest.mark.parametrize(("patient", "order"), [(60.0, ["back", "waiter"]), (0.0, ["waiter", "back"])])
async def test_who_comes_back_at_once_takes_the_place_unless_somebody_has_been_passed_over_for_too_long(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, patient: float, order: list[str]
) -> None:
    monkeypatch.setattr("poller.sources.huawei.gate.PASSED_OVER_SECONDS", patient)
    gate.accepted(await admitted(gate))
    went_in: list[str] = []

    async def go_in(name: str) -> None:
        async with gate.admit(PATIENCE) as ticket:
            assert isinstance(ticket, Ticket)
            went_in.append(name)

    async with AsyncExitStack() as stack, anyio.create_task_group() as group:
        await tickets(gate, CREDENTIAL_FAILURES - 1, stack)
        async with gate.admit(PATIENCE):
            group.start_soon(go_in, "waiter")
            await anyio.wait_all_tasks_blocked()
        await go_in("back")
    assert went_in == order


async def test_a_cancelled_request_frees_its_place(gate: Gate) -> None:
    async with anyio.create_task_group() as group:
        inside = anyio.Event()

        async def hang() -> None:
            async with gate.admit(PATIENCE):
                inside.set()
                await anyio.sleep_forever()

        group.start_soon(hang)
        await inside.wait()
        group.cancel_scope.cancel()
    with anyio.fail_after(1):
        assert isinstance(await admitted(gate), Ticket)


async def test_a_cancelled_waiter_takes_no_place(gate: Gate) -> None:
    async with anyio.create_task_group() as group, gate.admit(PATIENCE):
        with anyio.move_on_after(0.01):
            await admitted(gate)
        group.cancel_scope.cancel()
    with anyio.fail_after(1):
        assert isinstance(await admitted(gate), Ticket)


async def test_nobody_waits_longer_than_patience(gate: Gate) -> None:
    async with gate.admit(PATIENCE):
        with anyio.fail_after(2):
            async with gate.admit(0.01) as waited:
                assert isinstance(waited, Failed)
                assert waited.kind == "outage"
    await admitted(gate)


async def test_time_is_kept_for_all_who_wait_whoever_of_them_is_cancelled(gate: Gate) -> None:
    outcomes: list[str] = []

    async def wait(patience: float) -> None:
        async with gate.admit(patience) as ticket:
            outcomes.append(type(ticket).__name__)

    scopes: list[anyio.CancelScope] = []
    with anyio.fail_after(PATIENCE / 2):
        async with gate.admit(PATIENCE), anyio.create_task_group() as group:
            for _ in range(3):  # the first keeps the time
                scopes.append(scope := anyio.CancelScope())
                group.start_soon(_within, scope, wait, PATIENCE)
                await anyio.wait_all_tasks_blocked()
            group.start_soon(wait, 0.2)
            group.start_soon(wait, 0.3)
            await anyio.wait_all_tasks_blocked()
            for scope in scopes:
                scope.cancel()
                await anyio.lowlevel.checkpoint()
    assert outcomes == ["Failed", "Failed"]
    await admitted(gate)


async def _within(scope: anyio.CancelScope, work: Callable[[float], Awaitable[None]], patience: float) -> None:
    with scope:
        await work(patience)
