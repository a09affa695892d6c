"""A real daemon with a [web] table and a heartbeat: it listens, moves at a reload, and says what it cannot have."""

import signal
import socket
from pathlib import Path

import aiohttp
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from poller.simulator.receiver import running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import SECRET, source, webhook

TOKEN = "planted-web-token"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def _status(port: int, path: str = "/healthz", token: str | None = None) -> int | None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as it,
        ):
            return it.status
    except aiohttp.ClientConnectorError:
        return None


async def _reload(daemon: Daemon, said: str = "configuration reloaded") -> None:
    before = daemon.log.count(said)
    daemon.signal(signal.SIGHUP)
    await until(lambda: daemon.log.count(said) == before + 1)


async def test_a_reload_moves_the_listener_changes_the_token_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    first, second = _free_port(), _free_port()
    async with daemon_in(tmp_path) as daemon:
        daemon.write(web={"listen": f"127.0.0.1:{first}"})
        await daemon.start()
        assert await _status(first) == 200
        assert await _status(first, "/api/v1/jobs") == 200

        daemon.write(web={"listen": f"0.0.0.0:{second}", "token": TOKEN})
        await _reload(daemon)
        assert (await _status(first), await _status(second)) == (None, 200)
        assert await _status(second, "/api/v1/jobs") == 401
        assert await _status(second, "/api/v1/jobs", TOKEN) == 200

        with socket.create_server(("127.0.0.1", first)):
            daemon.write(web={"listen": f"127.0.0.1:{first}"})
            await _reload(daemon, "the configuration stays as it was")
        assert f"web.listen: 127.0.0.1:{first} is in use already" in daemon.log
        assert await _status(second, "/api/v1/jobs", TOKEN) == 200

        daemon.write()
        await _reload(daemon)
        assert await _status(second) is None
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log
        assert TOKEN not in daemon.log


async def test_a_listener_that_cannot_be_had_is_said_in_one_line_with_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with daemon_in(tmp_path) as daemon:
            daemon.write(web={"listen": f"127.0.0.1:{port}"})

            assert await daemon.run() == 1
            assert f"web.listen: 127.0.0.1:{port} is in use already" in daemon.log
            assert "Traceback" not in daemon.log


async def test_the_heartbeat_comes_again_and_again_and_its_url_is_never_logged(tmp_path: Path) -> None:
    beats: list[str] = []

    async def beat(request: web.Request) -> web.Response:
        beats.append(request.method)
        return web.Response(status=200 if len(beats) < 3 else 500)

    app = web.Application()
    app.router.add_route("*", "/planted-ping", beat)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with daemon_in(tmp_path) as daemon:
            daemon.write(heartbeat={"url": f"http://{host}:{port}/planted-ping", "every": "50ms", "method": "POST"})
            await daemon.start()
            await until(lambda: len(beats) >= 6)
            assert set(beats) == {"POST"}
            assert await daemon.stop() == 0
            assert daemon.log.count("the heartbeat does not arrive") == 1
            assert "HTTP 500" in daemon.log
            assert "planted-ping" not in daemon.log
    finally:
        await runner.cleanup()


async def _metrics(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
        text = await response.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_metrics_tell_what_the_daemon_did_and_go_on_over_a_reload(tmp_path: Path) -> None:
    port, world = _free_port(), World()
    world.put("first", {"state": "TRAINING"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as receiver,
        daemon_in(tmp_path) as daemon,
    ):
        tables: dict[str, object] = {
            "sources": {"prod": source(simulator), "idle": source(simulator, jobs=[], sweep="detail")},
            "notifiers": {"backend": webhook(receiver.url)},
            "web": {"listen": f"127.0.0.1:{port}"},
        }
        daemon.write(**tables)
        await daemon.start()
        await receiver.until(lambda one: len(one.events) >= 1, within=30)

        async def ready() -> bool:
            return await _status(port, "/readyz") == 200

        await until(ready)
        world.put("first", {"state": "TRAIN_SUCCESS"})
        await receiver.until(lambda one: one.events[-1].transition == "TRAIN_SUCCESS", within=30)

        before = await _metrics(port)
        prod, told = ("source", "prod"), (("source", "prod"), ("type", "poller.job.state_changed"))
        assert before["poller_polls_total", (("outcome", "seen"), prod)] >= 2
        assert before["poller_requests_total", (prod, ("status", "200"))] >= 3
        assert before["poller_events_total", told] == 1
        assert before["poller_detection_lag_seconds_count", (prod,)] >= 1
        assert before["poller_poll_seconds_count", (prod,)] >= 2
        assert before["poller_ready", ()] == 1

        await _reload(daemon)
        after = await _metrics(port)
        for name in ("poller_polls_total", "poller_events_total", "poller_deliveries_total"):
            assert sum(v for (n, _), v in after.items() if n == name) >= sum(
                v for (n, _), v in before.items() if n == name
            ), name
        assert await _status(port, "/readyz") == 200
        assert await daemon.stop() == 0
