"""INTERFACE.md section 4 against a real daemon: what each bad receiver does to its own deliveries, and to nothing else."""

import json
import subprocess
import sys
import time
from email.utils import formatdate
from functools import partial
from pathlib import Path

from aiohttp import web

from poller.simulator.receiver import Arrival, Receiver, running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.serving import serving
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, source, webhook

STATES = ("TRAIN_SUCCESS", "INFERENCE_DATA_PREPROCESSING", "COMPILING", "JOB_SUCCESS")


def _world(*job_ids: str) -> World:
    world = World()
    for job_id in job_ids or ("only",):
        world.put(job_id, {"state": "TRAINING"})
    return world


def _transitions(receiver: Receiver) -> list[str]:
    return [event.transition for event in receiver.events]


def _told(transition: str, receiver: Receiver) -> bool:
    return transition in _transitions(receiver)


def _command(daemon: Daemon, line: str) -> list[dict[str, object]]:
    """What a command prints as JSON Lines; it must succeed."""
    command = [sys.executable, "-m", "poller", "--config", str(daemon.config), *line.split()]
    done = subprocess.run(command, cwd=daemon.folder, env=daemon.environ, capture_output=True, check=True, text=True)
    return [json.loads(row) for row in done.stdout.splitlines() if row.startswith("{")]


def _by_id(arrivals: list[Arrival]) -> dict[str, list[Arrival]]:
    return {one.id: [other for other in arrivals if other.id == one.id] for one in arrivals}


async def test_a_hanging_receiver_delays_neither_polling_nor_the_other_notifier(tmp_path: Path) -> None:
    world = _world("first", "second")
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as hanging,
        running_receiver(SECRET) as good,
        daemon_in(tmp_path) as daemon,
    ):
        hanging.force("hang", amount=300, times=1000)
        daemon.write(
            sources={"prod": source(simulator)},
            notifiers={"hanging": webhook(hanging.url, timeout="5m"), "good": webhook(good.url)},
        )
        await daemon.start()
        await hanging.until(lambda one: one.tally.faults["hang"] == 2, within=30)
        for state in STATES:
            world.put("first", {"state": state})
            await good.until(partial(_told, state), within=20)
        worst = max(arrival.at - arrival.event.observed_at for arrival in good.received)
        assert worst < 5.0
        assert hanging.tally.faults["hang"] == 2
        assert hanging.received == []
        daemon.kill()


async def test_410_disables_until_a_retry_and_the_other_notifier_is_told(tmp_path: Path) -> None:
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as gone,
        running_receiver(SECRET) as other,
        daemon_in(tmp_path) as daemon,
    ):
        gone.force("410")
        notifiers = {"gone": webhook(gone.url), "other": webhook(other.url)}
        daemon.write(sources={"prod": source(simulator)}, notifiers=notifiers)
        await daemon.start()
        await other.until(lambda one: "DISABLED" in _transitions(one), within=30)
        world.put("only", {"state": "TRAIN_SUCCESS"})
        await other.until(lambda one: "TRAIN_SUCCESS" in _transitions(one), within=30)
        asked = simulator.counters.requests["detail"]
        await until(lambda: simulator.counters.requests["detail"] > asked + 10)  # ample time for a wrong attempt
        assert gone.tally.requests == 1
        async with daemon.control() as client:
            assert (await client.get("status"))["disabled"]["gone"]
            rows = (await client.get("deliveries", notifier="gone"))["items"]
            assert {row["state"] for row in rows} == {"pending"}
            assert (await client.post("deliveries", "retry", body={"notifier": "gone"}))["count"] == len(rows)
        await gone.until(lambda one: len(one.events) == 2, within=30)
        await other.until(lambda one: "RECOVERED" in _transitions(one), within=30)
        assert _transitions(gone) == ["WATCHED", "TRAIN_SUCCESS"]
        told = [event for event in other.events if event.type.startswith("poller.notifier")]
        assert [(event.subject, event.transition) for event in told] == [("gone", "DISABLED"), ("gone", "RECOVERED")]
        assert await daemon.stop() == 0


async def test_a_redirect_is_not_followed_and_counts_as_failed(tmp_path: Path) -> None:
    asked: list[str] = []

    async def redirecting(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        status = (301, 302, 303, 307, 308)[len(asked) - 1]
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with (
        running_simulator(_world()) as simulator,
        serving(redirecting, "127.0.0.1", 0) as url,
        daemon_in(tmp_path) as daemon,
    ):
        moved = webhook(f"{url}/hook", retry=["50ms"] * 4)
        daemon.write(sources={"prod": source(simulator)}, notifiers={"moved": moved})
        await daemon.start()
        await until(lambda: "delivery is dead" in daemon.log)
        assert asked == ["/hook"] * 5
        assert "redirect not followed" in daemon.log
        assert await daemon.stop() == 0


async def test_retry_after_in_seconds_is_obeyed_and_never_sooner(tmp_path: Path) -> None:
    async with (
        running_simulator(_world()) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("503", "429", amount=2)
        backend = webhook(receiver.url, retry=["20ms"] * 3)
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": backend})
        await daemon.start()
        await receiver.until(lambda one: len(one.events) == 1, within=60)
        first, second, third = (arrival.at for arrival in receiver.arrivals)
        assert second - first >= 2.0
        assert third - second >= 2.0
        assert await daemon.stop() == 0


async def test_retry_after_as_a_date_is_obeyed_and_never_sooner(tmp_path: Path) -> None:
    asked: list[float] = []

    async def resting(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(time.time())
        if len(asked) > 1:
            return web.Response(status=204)
        return web.Response(status=503, headers={"Retry-After": formatdate(int(asked[0]) + 3, usegmt=True)})

    async with (
        running_simulator(_world()) as simulator,
        serving(resting, "127.0.0.1", 0) as url,
        daemon_in(tmp_path) as daemon,
    ):
        resting_hook = webhook(url, retry=["20ms"] * 3)
        daemon.write(sources={"prod": source(simulator)}, notifiers={"resting": resting_hook})
        await daemon.start()
        await until(lambda: len(asked) == 2, 60)
        assert asked[1] >= int(asked[0]) + 3
        assert await daemon.stop() == 0


async def test_after_the_schedule_a_delivery_is_dead_listed_and_can_be_retried(tmp_path: Path) -> None:
    async with (
        running_simulator(_world("first", "second")) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("500", times=6)
        backend = webhook(receiver.url, retry=["30ms", "60ms"])
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": backend})
        await daemon.start()
        await until(lambda: daemon.log.count("delivery is dead") == 2)
        rows = _command(daemon, "deliveries list --state dead --notifier backend --json")
        assert {(row["state"], row["attempts"], row["next_attempt_at"]) for row in rows} == {("dead", 3, None)}
        assert {row["last_error"] for row in rows} == {"HTTP 500 Internal Server Error"}
        assert {(row["job_id"], row["transition"]) for row in rows} == {("first", "WATCHED"), ("second", "WATCHED")}
        assert {len(tries) for tries in _by_id(receiver.arrivals).values()} == {3}

        _command(daemon, f"deliveries retry {rows[0]['id']}")
        await receiver.until(lambda one: len(one.events) == 1, within=30)
        _command(daemon, "deliveries retry --state dead --notifier backend --since 2h")
        await receiver.until(lambda one: len(one.events) == 2, within=30)
        await until(lambda: _command(daemon, "deliveries list --state dead --json") == [])
        assert await daemon.stop() == 0


async def test_every_attempt_of_one_event_carries_the_same_id_and_body(tmp_path: Path) -> None:
    """Also when the job has gone on meanwhile, and after a kill."""
    world = _world()
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        receiver.force("500", "reset", "lost", "500", "429", "500", "500", "500")
        daemon.write(sources={"prod": source(simulator)}, notifiers={"backend": webhook(receiver.url)})
        await daemon.start()
        await receiver.until(lambda one: len(one.arrivals) >= 2, within=30)
        world.put("only", {"state": "TRAIN_SUCCESS", "name": "another name"})
        daemon.kill()
        await daemon.start()
        await receiver.until(lambda one: _transitions(one) == ["WATCHED", "TRAIN_SUCCESS"], within=60)
        tries = _by_id(receiver.arrivals)
        assert max(len(each) for each in tries.values()) >= 5
        assert [len({arrival.body for arrival in each}) for each in tries.values()] == [1, 1]
        assert receiver.tally.refused == {}
        assert await daemon.stop() == 0
