"""A source that cannot be read, against a real daemon: few failures, one BLIND, one RECOVERED, nothing lost meanwhile."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poller.simulator.audit import audit
from poller.simulator.auth import Accepted
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import Simulator, running_simulator
from poller.simulator.world import World
from tests.process.daemon import daemon_in, until
from tests.process.settings import SECRET, Tables, aksk, source, webhook

FAILURES = 3  # authentication failures that may reach the upstream before the daemon rests
JOBS = 60


def _world() -> World:
    world = World()
    for number in range(JOBS):
        world.put(f"job-{number}", {"state": "TRAINING"})
    return world


def _keys(_: Simulator) -> Tables:
    return aksk(Accepted())


def _password(simulator: Simulator) -> Tables:
    right = Accepted()
    return {
        "method": "password",
        "user": right.user,
        "password": right.password,
        "domain": right.domain,
        "endpoint": simulator.endpoint,
    }


def _notices(receiver: Receiver) -> list[str]:
    return [event.transition for event in receiver.events if event.type.startswith("poller.source")]


def _refusals(simulator: Simulator) -> int:
    return simulator.counters.refusals.total()


@pytest.mark.parametrize("auth", [_keys, _password])
async def test_credentials_refused_from_the_start_fail_three_times_and_are_told_once(
    tmp_path: Path, auth: Callable[[Simulator], Tables]
) -> None:
    other = Accepted(secret_key="another", token="another", password="another")
    async with (
        running_simulator(_world(), accepted=other) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        prod = source(simulator, auth=auth(simulator), concurrency=16)
        daemon.write(sources={"prod": prod}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: _notices(one) == ["BLIND"], within=30)
        blind_at = receiver.arrivals[0].at
        assert _refusals(simulator) <= FAILURES
        await until(lambda: _refusals(simulator) > FAILURES)  # the probe after the first rest of 5 s
        assert time.time() - blind_at > 4.0
        assert simulator.gate.times_locked == 0
        assert _notices(receiver) == ["BLIND"]
        assert [event.subject for event in receiver.events] == ["prod"]
        assert await daemon.stop() == 0


async def test_credentials_refused_in_mid_run_lose_nothing(tmp_path: Path) -> None:
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        prod = source(simulator, auth=_keys(simulator), concurrency=16)
        daemon.write(sources={"prod": prod}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == JOBS, within=30)
        right = simulator.gate.accepted
        simulator.gate.accepted = replace(right, secret_key="changed")
        await receiver.until(lambda one: _notices(one) == ["BLIND"], within=30)
        assert simulator.gate.worst_row <= FAILURES
        for number in range(JOBS):
            world.append_log(f"job-{number}", "SYSTEM_TRAIN_SUCCESS")
            world.put(f"job-{number}", {"state": "TRAIN_SUCCESS"})
        simulator.gate.accepted = right
        await receiver.until(lambda one: len(one.events) == JOBS * 3 + 2, within=60)
        verdict = audit(world.truths(), receiver.arrivals)
        assert verdict.ok, verdict.summary
        assert _notices(receiver) == ["BLIND", "RECOVERED"]
        assert [event.transition for event in receiver.events[JOBS : JOBS + 2]] == ["BLIND", "RECOVERED"]
        assert simulator.gate.times_locked == 0
        assert await daemon.stop() == 0


async def test_an_outage_is_one_blind_and_one_recovered(tmp_path: Path) -> None:
    """Told only after it has lasted for 15 s: a hiccup is nobody's business."""
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == JOBS, within=30)
        simulator.force("500", times=100_000)
        broken_at = time.time()
        await receiver.until(lambda one: _notices(one) == ["BLIND"], within=60)
        assert time.time() - broken_at > 14.0
        simulator._forced.clear()
        world.put("job-7", {"state": "TRAIN_SUCCESS"})
        await receiver.until(lambda one: one.events[-1].transition == "TRAIN_SUCCESS", within=60)
        assert _notices(receiver) == ["BLIND", "RECOVERED"]
        assert await daemon.stop() == 0


async def test_a_wrong_clock_is_named(tmp_path: Path) -> None:
    async with (
        running_simulator(_world(), skew=3600.0) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: _notices(one) == ["BLIND"], within=30)
        reason = receiver.events[0].data["reason"]
        assert "clock is 60 minutes behind the upstream's" in reason
        assert "60 minutes behind" in daemon.log
        assert await daemon.stop() == 0


async def test_a_token_is_renewed_before_it_ends_and_again_when_it_is_revoked(tmp_path: Path) -> None:
    world = _world()
    async with (
        running_simulator(world, token_lifetime=6.0) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        prod = source(simulator, auth=_password(simulator), concurrency=16)
        daemon.write(sources={"prod": prod}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await until(lambda: simulator.counters.requests["iam"] >= 3)
        assert _refusals(simulator) == 0
        asked = simulator.counters.requests["iam"]
        simulator.gate.token_lifetime = 3600.0
        simulator.gate.revoke_tokens()
        await until(lambda: simulator.counters.requests["iam"] > asked)
        world.put("job-7", {"state": "TRAIN_SUCCESS"})
        await receiver.until(lambda one: one.events[-1].transition == "TRAIN_SUCCESS", within=30)
        assert simulator.counters.requests["iam"] == asked + 1
        assert 0 < _refusals(simulator) <= FAILURES
        assert _notices(receiver) == []
        verdict = audit(world.truths(), receiver.arrivals)
        assert verdict.ok, verdict.summary
        assert await daemon.stop() == 0
