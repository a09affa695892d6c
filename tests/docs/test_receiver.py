"""The receiver of docs/events.md, as a process of its own, meets the real notifier."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
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
from tests.docs.pages import EVENTS, blocks, read


@dataclass(frozen=True)
class Running:
    port: int
    folder: Path

    def stored(self) -> list[tuple[str, str, str]]:
        with closing(sqlite3.connect(self.folder / "events.db")) as database:
            return database.execute("SELECT id, job, sequence FROM events ORDER BY job, sequence").fetchall()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Running]:
    (block,) = blocks(read(EVENTS), "python")
    (tmp_path / "receiver.py").write_text(block.text, encoding="utf-8")
    environ = {**os.environ, "HOOK_SECRET": KEY, "PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "receiver.py"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on port ")
        yield Running(port=int(line.split()[-1]), folder=tmp_path)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


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
