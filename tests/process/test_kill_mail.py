"""The promise under kill -9 with mails and digests: every recipient gets every event, and twice only under the same Message-ID."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import anyio
import pytest

from poller.core.listing import DeliveryFilter, DeliveryRow
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from poller.store.store import open_archive
from tests.notifiers.mailserver import CERTIFICATE, PASSWORD, SENDER, USER, Got, MailServer, serving
from tests.process.campaign import nothing_pending, shown_seed
from tests.process.daemon import Daemon, daemon_in, until
from tests.process.settings import QUICK_RETRY, Tables, every, source

pytestmark = pytest.mark.timeout(300)

JOBS, SECONDS = 5, 6.0
TEAM = ("ops@example.com", "lead@example.com")
ALL_READ = 60.0  # seconds that everything may take to be told once the last life is over


def email(port: int, **changes: object) -> Tables:
    return {
        "kind": "email",
        "server": f"smtp://localhost:{port}",
        "username": USER,
        "password": PASSWORD,
        "from": SENDER,
        "to": list(TEAM),
        "retry": list(QUICK_RETRY),
        "rate": "200/s",
        "timeout": "5s",
        **changes,
    }


def read(got: Got) -> EmailMessage:
    mail = message_from_bytes(got.content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


async def test_mails_and_digests_lose_nothing_and_repeat_only_what_has_the_same_id(tmp_path: Path) -> None:
    with shown_seed() as seed:
        chance = random.Random(seed)
        world = World(jobs=JOBS, seed=seed, speed=1.0)
        world = World(jobs=JOBS, seed=seed, speed=(world.over_at() - world.now()) / SECONDS)
        async with (
            running_simulator(world, seed=seed) as simulator,
            serving("starttls") as server,
            daemon_in(tmp_path, {"SSL_CERT_FILE": str(CERTIFICATE)}) as daemon,
        ):
            server.trouble = lambda: chance.choices(["", "lost", "later"], [0.9, 0.05, 0.05])[0]
            prod = source(simulator, every=every("300ms"))
            notifiers = {
                "each": email(server.port),
                "digest": email(server.port, digest="1s"),
                "batches": email(server.port, digest="1s", digest_by="batch_name", to=[TEAM[0]]),
                "grouped": email(server.port, group="500ms", to=[TEAM[1]]),
            }
            daemon.write(sources={"prod": prod}, notifiers=notifiers)
            for _ in range(3):
                await daemon.start()
                seen = len(server.got)
                with anyio.move_on_after(chance.uniform(0.5, 1.5)):
                    await until(lambda before=seen: len(server.got) > before + chance.randint(1, 30), 60.0)  # type: ignore[misc]  # of this life
                daemon.kill()
            await daemon.start()
            await until(lambda: world.now() > world.over_at(), SECONDS * 6)
            await until(lambda: nothing_pending(daemon), ALL_READ, glance=0.3)
            assert await daemon.stop() == 0
            rows = await _rows(daemon)
            assert "Traceback" not in daemon.log
        _assert_all_told(rows, server)


async def _rows(daemon: Daemon) -> Sequence[DeliveryRow]:
    rows: list[DeliveryRow] = []
    async with open_archive(daemon.database) as archive:
        while page := await archive.deliveries(DeliveryFilter(), before=rows[-1].id if rows else None):
            rows += page
    return rows


def _assert_all_told(rows: Sequence[DeliveryRow], server: MailServer) -> None:
    mails: dict[tuple[str, str, str], list[Got]] = defaultdict(list)
    for got in server.got:
        mail = read(got)
        mails[mail["X-Poller-Notifier"], got.recipient, mail["X-Poller-Id"]].append(got)
    owed: dict[tuple[str, str, str], list[DeliveryRow]] = defaultdict(list)
    for row in rows:
        owed[row.notifier, row.recipient or "", row.bundle or row.event_id].append(row)
    assert {row.state for row in rows} == {"delivered"}
    assert set(owed) == set(mails)  # nothing lost, nothing invented, no bundle told under another name
    events = {row.event_id for row in rows}
    assert len(events) > 5 * JOBS
    for notifier, to in (("each", TEAM), ("digest", TEAM), ("batches", TEAM[:1]), ("grouped", TEAM[1:])):
        for recipient in to:
            assert {row.event_id for row in rows if (row.notifier, row.recipient) == (notifier, recipient)} == events
    for name, copies in mails.items():
        assert {replace(copy, secure=True, login=USER) for copy in copies} == {copies[0]}, name
        assert copies[0].secure
        _assert_holds(read(copies[0]), owed[name])
    ids = [read(copies[0])["Message-ID"] for copies in mails.values()]
    assert len(set(ids)) == len(ids)
    assert len(server.got) > len(mails)  # some came twice: the test has tested something
    assert max(len(bundle) for bundle in owed.values()) > 1


def _assert_holds(mail: EmailMessage, bundle: Sequence[DeliveryRow]) -> None:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    text = body.get_content()
    if len(bundle) == 1:
        assert bundle[0].transition in mail["Subject"]
    else:
        told = sorted(line.split()[3] for line in text.splitlines() if line.startswith("  "))
        assert told == sorted(row.transition for row in bundle)
