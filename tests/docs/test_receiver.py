"""The receivers of docs/receivers, each a process of its own, meet the real notifier. Each language is tried where it is installed."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from poller.config import parse
from poller.core.delivery import Delivered, Retry
from poller.core.exchange import Reply, Request
from poller.core.notification import notification_of
from poller.core.specimens import examples, life_of_a_job
from poller.net.session import Http
from poller.notifiers.kinds import build
from poller.notifiers.ports import Notifier
from tests.config.samples import KEY, OTHER_KEY, notifier
from tests.docs.pages import DOCS

RECEIVERS = DOCS / "receivers"
LANGUAGES = {"receiver.py": sys.executable, "receiver.mjs": "node", "receiver.go": "go"}


def command(name: str, folder: Path) -> list[str]:
    program = str(RECEIVERS / name)
    if name != "receiver.go":
        return [LANGUAGES[name], program]
    built = str(folder / "receiver")  # `go run` starts another process, which a signal would not reach
    subprocess.run(["go", "build", "-o", built, program], check=True, capture_output=True)
    return [built]


class Running:
    """A receiver in a folder of its own; `printed` is what it says about each event."""

    def __init__(self, name: str, folder: Path) -> None:
        self._command = command(name, folder)
        self.folder = folder
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            cwd=self.folder,
            env={**os.environ, "HOOK_SECRET": KEY, "PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("listening on port ")
        self.port = int(line.split()[-1])

    def kill(self) -> list[str]:
        """Kill -9; returns what it had printed since it began."""
        if self._process.poll() is not None:
            return []
        self._process.send_signal(signal.SIGKILL)
        return self._process.communicate()[0].splitlines()

    def restart(self) -> None:
        self.kill()
        self._start()

    def stored(self) -> list[tuple[str, str, str]]:
        """(id, job, sequence) of each event on the disk, by job and sequence."""
        lines = self.folder / "events.jsonl"
        if lines.exists():
            events = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines() if line]
            found = [(event["id"], event["subject"], event.get("sequence", "")) for event in events]
            return sorted(found, key=lambda row: row[1:])
        with closing(sqlite3.connect(self.folder / "events.db")) as database:
            return database.execute("SELECT id, job, sequence FROM events ORDER BY job, sequence").fetchall()


@pytest.fixture(params=list(LANGUAGES))
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    if shutil.which(LANGUAGES[request.param]) is None:
        pytest.skip(f"{LANGUAGES[request.param]} is not installed")
    running = Running(request.param, tmp_path)
    try:
        yield running
    finally:
        running.kill()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as session:
        yield session


def webhook(receiver: Running, http: Http, *, secret: str = f'secret = "{KEY}"') -> Notifier:
    text = notifier(url=f'url = "http://127.0.0.1:{receiver.port}/hooks"', secret=secret)
    return build("backend", parse(text, environ={}).notifiers["backend"], http=http, strict=http)


async def test_it_accepts_and_keeps_an_event_of_every_type(receiver: Running, http: Http) -> None:
    backend = webhook(receiver, http)
    for event in examples().values():
        assert await backend.deliver(notification_of(event), now=time.time()) == Delivered()

    assert {row[0] for row in receiver.stored()} == {event.id for event in examples().values()}


async def test_an_event_that_comes_twice_is_accepted_and_kept_once(receiver: Running, http: Http) -> None:
    backend = webhook(receiver, http)
    event = examples()["poller.job.operation_logged"]
    outcomes = [await backend.deliver(notification_of(event), now=time.time()) for _ in range(3)]

    assert outcomes == [Delivered()] * 3
    assert receiver.stored() == [(event.id, event.job_id, "0000000002")]


async def test_events_that_come_in_any_order_are_sorted_by_their_sequence(receiver: Running, http: Http) -> None:
    backend = webhook(receiver, http)
    life = list(life_of_a_job())
    for event in reversed(life):
        await backend.deliver(notification_of(event), now=time.time())

    assert [row[0] for row in receiver.stored()] == [event.id for event in life]
    assert [line.split(": ")[0] for line in receiver.kill()] == ["latest", *["late"] * (len(life) - 1)]


async def test_either_secret_verifies_while_they_rotate(receiver: Running, http: Http) -> None:
    backend = webhook(receiver, http, secret=f'secrets = ["{OTHER_KEY}", "{KEY}"]')

    assert await backend.deliver(notification_of(examples()["poller.test"]), now=time.time()) == Delivered()


async def test_another_secret_is_refused_and_nothing_is_kept(receiver: Running, http: Http) -> None:
    backend = webhook(receiver, http, secret=f'secret = "{OTHER_KEY}"')
    outcome = await backend.deliver(notification_of(examples()["poller.test"]), now=time.time())

    assert outcome == Retry(reason="HTTP 401 Unauthorized")
    assert receiver.stored() == []


async def test_a_delivery_that_was_signed_long_ago_is_refused(receiver: Running, http: Http) -> None:
    outcome = await webhook(receiver, http).deliver(notification_of(examples()["poller.test"]), now=time.time() - 301)

    assert outcome == Retry(reason="HTTP 401 Unauthorized")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "1", "webhook-timestamp": "now", "webhook-signature": "v1,AAAA"},
        {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "no comma"},
        {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,no base64"},
    ],
)
async def test_what_is_not_signed_is_refused(receiver: Running, http: Http, headers: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{receiver.port}/"
    for body in (b"{}", b"\xff\xfe"):
        reply = await http.send(Request(method="POST", url=url, headers=headers, body=body), timeout=5, limit=1000)
        assert isinstance(reply, Reply)
        assert reply.status == 401


async def test_events_that_are_told_together_are_kept_one_by_one(receiver: Running, http: Http) -> None:
    life = list(life_of_a_job())
    outcome = await webhook(receiver, http).deliver(notification_of(*life), now=time.time())

    assert outcome == Delivered()
    assert [row[0] for row in receiver.stored()] == [event.id for event in life]


async def test_what_was_kept_before_a_kill_is_not_kept_again(receiver: Running, http: Http) -> None:
    life = list(life_of_a_job())
    for event in life:
        await webhook(receiver, http).deliver(notification_of(event), now=time.time())
    receiver.restart()
    if (receiver.folder / "events.jsonl").exists():  # as a crash in the middle of a line leaves it
        with (receiver.folder / "events.jsonl").open("a") as file:
            file.write('{"id": "cut')
        receiver.restart()
        kept = (receiver.folder / "events.jsonl").read_text().replace('{"id": "cut\n', "")
        (receiver.folder / "events.jsonl").write_text(kept)
    backend = webhook(receiver, http)
    assert [await backend.deliver(notification_of(event), now=time.time()) for event in life] == [Delivered()] * len(
        life
    )

    assert len(receiver.stored()) == len(life)
    assert receiver.kill() == []


async def test_a_body_that_is_too_large_is_refused(receiver: Running, http: Http) -> None:
    url = f"http://127.0.0.1:{receiver.port}/"
    reply = await http.send(Request(method="POST", url=url, body=b"x" * (5 * 1024 * 1024)), timeout=10, limit=1000)
    assert isinstance(reply, Reply)
    assert reply.status == 413
