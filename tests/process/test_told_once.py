"""What two daemons on one PostgreSQL find out by themselves is told once: discovery, notifiers in trouble, reminders, batches, digests."""

from collections import Counter
from email import message_from_bytes
from pathlib import Path

from poller.core.listing import DeliveryFilter
from poller.simulator.faults import NO_FAULTS, RECEIVER_KINDS, parse_faults
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.server import running_simulator
from poller.simulator.world import World
from poller.store.store import open_archive
from tests.notifiers.mailserver import CERTIFICATE, MailServer, serving
from tests.process.campaign import nothing_pending
from tests.process.daemon import until
from tests.process.fleet import LEASE, alive_is, fleet
from tests.process.settings import SECRET, Tables, source, webhook
from tests.process.test_kill_mail import TEAM, email
from tests.store.conftest import Server

JOBS = 12
REMINDERS = 3


def tables(url: str, prod: Tables, backend: str, gone: str, smtp_port: int) -> Tables:
    everybody = ["backend", "gone", "mail"]
    return {
        "store": {"url": url, "lease": f"{LEASE:.0f}s"},
        "sources": {"prod": prod},
        "notifiers": {
            "backend": webhook(backend),
            "gone": webhook(gone),
            "mail": email(smtp_port, digest="1s", digest_by="batch_name", to=[TEAM[0]]),
        },
        "routes": [
            {"on": ["!REMINDER", "!ESCALATED"], "notify": everybody},
            {
                "on": ["WATCHED"],
                "notify": ["backend"],
                "remind_every": "300ms",
                "escalate_after": "1s",
                "escalate_to": ["gone"],
            },
        ],
    }


def told(receiver: Receiver) -> Counter[tuple[str, str]]:
    """How many different events of each transition there are about each subject."""
    return Counter((event.transition, event.subject) for event in receiver.events)


async def test_two_daemons_tell_once_what_they_find_out_by_themselves(tmp_path: Path, postgresql: Server) -> None:
    world, url = World(), postgresql.fresh()
    for number in range(JOBS):
        state = "WAIT_FILE_UPLOAD" if number == 0 else "TRAINING"
        world.put(f"job-{number}", {"state": state, "batch_name": "spring" if number else "alone"})
    async with (
        running_simulator(world) as simulator,
        running_receiver(SECRET) as backend,
        running_receiver(SECRET, faults=parse_faults("410=1", RECEIVER_KINDS)) as gone,
        serving("starttls") as mails,
    ):
        prod = source(simulator, jobs=[], discover=True, first_sight="summary", rate="100/s")
        wanted = tables(url, prod, backend.url, gone.url, mails.port)
        async with fleet(tmp_path, wanted, "ab", {"SSL_CERT_FILE": str(CERTIFICATE)}) as daemons:
            for daemon in daemons:
                await daemon.start()
            await until(lambda: alive_is(daemons[0], 2))
            await backend.until(lambda one: told(one)["REMINDER", "job-0"] >= REMINDERS, 60)
            for number in range(1, JOBS):
                world.put(f"job-{number}", {"state": "JOB_FINISH"})
            await backend.until(lambda one: ("BATCH_DONE", "spring") in told(one), 60)
            gone.faults = NO_FAULTS
            for daemon in daemons:
                async with daemon.control() as client:
                    await client.post("deliveries", "retry", body={"notifier": "gone"})
            await backend.until(lambda one: ("RECOVERED", "gone") in told(one), 60)
            world.put("job-0", {"state": "JOB_FINISH"})
            await backend.until(lambda one: ("JOB_FINISH", "job-0") in told(one), 60)
            await until(lambda: nothing_pending(daemons[0]), 60)
            assert [await daemon.stop() for daemon in daemons] == [0, 0]
            assert "Traceback" not in "".join(daemon.log for daemon in daemons)
    _assert_told_once(backend)
    await _assert_in_one_mail(url, mails)


def _assert_told_once(backend: Receiver) -> None:
    found = told(backend)
    del found["REMINDER", "job-0"]
    reminders = [event.data["tending"]["reminders"] for event in backend.events if event.transition == "REMINDER"]
    assert reminders == list(range(1, len(reminders) + 1))
    assert found == dict.fromkeys(found, 1)
    assert {("DISABLED", "gone"), ("RECOVERED", "gone"), ("ESCALATED", "job-0"), ("BATCH_DONE", "spring")} <= set(found)
    assert sum(transition == "WATCHED" for transition, _ in found) == JOBS
    assert backend.tally.duplicates == 0
    numbers = sorted(event.sequence or 0 for event in backend.events if event.subject == "job-0")
    assert numbers == list(range(1, len(numbers) + 1))


async def _assert_in_one_mail(url: str, mails: MailServer) -> None:
    """Each event is in one digest, and each digest came once."""
    async with open_archive(url) as archive:
        rows = [row for row in await archive.deliveries(DeliveryFilter()) if row.notifier == "mail"]
    assert {row.state for row in rows} == {"delivered"}
    assert len({row.event_id for row in rows}) == len(rows) >= 2 * JOBS
    came = sorted(message_from_bytes(got.content)["X-Poller-Id"] for got in mails.got)
    assert came == sorted({row.bundle or row.event_id for row in rows})
