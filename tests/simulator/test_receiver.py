"""The receiver believes what the standard's own library signs, and nothing else; and it has bad days."""

import base64
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from standardwebhooks import Webhook

from poller.core.message import body
from poller.core.notices import test_event as telling_test
from poller.simulator.faults import RECEIVER_KINDS, parse_faults
from poller.simulator.receiver import Receiver, running_receiver
from poller.simulator.script import Fate
from poller.simulator.told import NotAnEvent, read_event
from poller.simulator.webhook import key_of
from poller.simulator.world import World
from tests.simulator.calls import StillClock
from tests.simulator.telling import Teller

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret, of 32 bytes too!").decode()
CLOUD_EVENT = "application/cloudevents+json; charset=utf-8"


def bodies() -> list[bytes]:
    """Real events of one job, `WATCHED` first."""
    clock = StillClock()
    teller = Teller(World(jobs=1, clock=clock, fate=Fate(), born_within=(-86_400, -86_400)), clock)
    teller.poll()
    return [arrival.body for arrival in teller.arrivals]


BODIES = bodies()


def headers_for(sent: bytes, *secrets: str, at: datetime | None = None, **changes: str) -> dict[str, str]:
    """Signed by the standard's own library; several events are sent under a name that has nothing to do with them."""
    at = at or datetime.now(UTC)
    identifier = read_event(sent).id if sent.startswith(b"{") and len(sent) > 2 else "bundle-1"
    signatures = " ".join(Webhook(secret).sign(identifier, at, sent.decode()) for secret in secrets or (SECRET,))
    signed = {"webhook-id": identifier, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signatures}
    return {"Content-Type": CLOUD_EVENT, **signed, **{name.replace("_", "-"): value for name, value in changes.items()}}


async def post(receiver: Receiver, sent: bytes, headers: Mapping[str, str] | None = None, within: float = 10) -> int:
    timeout = aiohttp.ClientTimeout(total=within)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(receiver.url, data=sent, headers=headers or headers_for(sent), allow_redirects=False) as answer,
    ):
        await answer.read()
        return answer.status


async def test_what_the_standards_library_signs_is_accepted_in_order() -> None:
    async with running_receiver(SECRET) as receiver:
        assert [await post(receiver, sent) for sent in BODIES] == [204] * len(BODIES)
        assert [arrival.body for arrival in receiver.received] == BODIES
        assert [event.sequence for event in receiver.events] == list(range(1, len(BODIES) + 1))


async def test_events_that_are_told_together_are_accepted_one_by_one() -> None:
    together = b"[" + b",".join(BODIES[:3]) + b"]"
    batch = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
    async with running_receiver(SECRET) as receiver:
        assert await post(receiver, together, headers_for(together) | batch) == 204
        assert await post(receiver, BODIES[2]) == 204
        assert [arrival.body for arrival in receiver.received] == [*BODIES[:3], BODIES[2]]
        assert (receiver.tally.duplicates, receiver.tally.altered) == (1, 0)
        for nothing in (b"[]", b"[1]", b"{}", b"["):
            assert await post(receiver, nothing, headers_for(nothing) | batch) == 401


async def test_one_of_several_signatures_is_enough() -> None:
    async with running_receiver(SECRET) as receiver:
        assert await post(receiver, BODIES[0], headers_for(BODIES[0], OTHER, SECRET)) == 204
        foreign = headers_for(BODIES[0])
        foreign["webhook-signature"] = f"v1a,nonsense v2,AAAA v1,~ {foreign['webhook-signature']}"
        assert await post(receiver, BODIES[0], foreign) == 204


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (lambda: headers_for(BODIES[0], OTHER), "no signature matches"),
        (lambda: headers_for(BODIES[0], at=datetime.now(UTC) - timedelta(minutes=6)), "too old"),
        (lambda: headers_for(BODIES[0], at=datetime.now(UTC) + timedelta(minutes=6)), "too old or too new"),
        (lambda: headers_for(BODIES[0], webhook_id="another"), "no signature matches"),
        (lambda: headers_for(BODIES[0], webhook_timestamp="soon"), "not a number"),
        (lambda: headers_for(BODIES[0], webhook_signature=""), "missing"),
        (lambda: headers_for(BODIES[0], webhook_signature="v1,AAAA"), "no signature matches"),
        (lambda: headers_for(BODIES[1]), "no signature matches"),
        (lambda: headers_for(BODIES[0]) | {"Content-Type": "application/json"}, "content-type"),
    ],
)
async def test_what_is_not_rightly_signed_is_refused(headers: Callable[[], dict[str, str]], reason: str) -> None:
    async with running_receiver(SECRET) as receiver:
        assert (
            await post(receiver, BODIES[0], headers()) == 401
        )  # signed now: a long run ages what was signed at its beginning
        assert receiver.received == []
        assert reason in next(iter(receiver.tally.refused))


async def test_duplicates_are_counted_and_altered_ones_apart() -> None:
    async with running_receiver(SECRET) as receiver:
        for sent in (BODIES[0], BODIES[0], BODIES[0].replace(b'"source":"prod"', b'"source":"next"')):
            assert await post(receiver, sent) == 204
        tally = receiver.tally
        assert (tally.accepted, tally.duplicates, tally.altered) == (3, 2, 1)
        assert len(receiver.events) == 1


@pytest.mark.parametrize(
    ("kind", "status"), [("500", 500), ("503", 503), ("429", 429), ("410", 410), ("redirect", 307)]
)
async def test_refusals_are_given_on_request_and_not_counted_as_received(kind: str, status: int) -> None:
    async with running_receiver(SECRET) as receiver:
        receiver.force(kind)
        assert await post(receiver, BODIES[0]) == status
        assert [arrival.accepted for arrival in receiver.arrivals] == [False]
        assert await post(receiver, BODIES[0]) == 204
        assert receiver.tally.duplicates == 0


async def test_a_busy_receiver_says_when_to_come_again() -> None:
    async with (
        running_receiver(SECRET, faults=parse_faults("429=1:30", RECEIVER_KINDS)) as receiver,
        aiohttp.ClientSession() as session,
        session.post(receiver.url, data=BODIES[0], headers=headers_for(BODIES[0])) as answer,
    ):
        assert (answer.status, answer.headers["Retry-After"]) == (429, "30")


@pytest.mark.parametrize(("kind", "accepted"), [("reset", False), ("lost", True)])
async def test_a_broken_connection_may_or_may_not_have_delivered(kind: str, accepted: bool) -> None:
    async with running_receiver(SECRET) as receiver:
        receiver.force(kind)
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await post(receiver, BODIES[0])
        assert [arrival.accepted for arrival in receiver.arrivals] == [accepted]


async def test_a_hanging_receiver_gives_no_answer_and_ends_with_its_block() -> None:
    started = time.monotonic()
    async with running_receiver(SECRET) as receiver:
        receiver.force("hang")
        with pytest.raises(TimeoutError):
            await post(receiver, BODIES[0], within=0.2)
        assert receiver.received == []
    assert time.monotonic() - started < 5


async def test_a_slow_receiver_accepts_only_what_is_waited_for() -> None:
    async with running_receiver(SECRET) as receiver:
        receiver.force("slow", amount=0.1)
        assert await post(receiver, BODIES[0]) == 204
        receiver.force("slow", amount=30)
        with pytest.raises(TimeoutError):
            await post(receiver, BODIES[1], within=0.2)
        assert [arrival.body for arrival in receiver.received] == [BODIES[0]]


async def test_a_body_cut_after_2xx_was_accepted() -> None:
    async with running_receiver(SECRET) as receiver:
        receiver.force("cut")
        with pytest.raises(aiohttp.ClientPayloadError):
            await post(receiver, BODIES[0])
        assert len(receiver.received) == 1


async def test_a_huge_answer_is_an_acceptance() -> None:
    async with running_receiver(SECRET) as receiver:
        receiver.force("huge")
        assert await post(receiver, BODIES[0]) == 200
        assert len(receiver.received) == 1


async def test_faults_can_be_meant_for_one_job() -> None:
    async with running_receiver(SECRET) as receiver:
        receiver.force("500", subject="another job")
        assert await post(receiver, BODIES[0]) == 204


async def test_waiting_ends_when_the_condition_holds_or_the_time_is_up() -> None:
    async with running_receiver(SECRET) as receiver:
        await post(receiver, BODIES[0])
        await receiver.until(lambda rec: rec.tally.accepted == 1)
        with pytest.raises(TimeoutError):
            await receiver.until(lambda rec: rec.tally.accepted == 2, within=0.05)


async def test_counting_alone_keeps_nothing() -> None:
    async with running_receiver(SECRET, keep=False) as receiver:
        await post(receiver, BODIES[0])
        assert (receiver.tally.accepted, receiver.arrivals) == (1, [])


async def test_an_event_without_a_job_is_accepted() -> None:
    async with running_receiver(SECRET) as receiver:
        sent = body(telling_test("backend", now=1_700_000_000.0))
        assert await post(receiver, sent) == 204
        assert receiver.events[0].of_job is False


@pytest.mark.parametrize(
    "change",
    [
        (b'"specversion":"1.0"', b'"specversion":"0.3"'),
        (b'"sequence":"0000000001"', b'"sequence":"1"'),
        (b'"sequence":1,', b'"sequence":2,'),
        (b'"datacontenttype":"application/json"', b'"datacontenttype":"text/plain"'),
        (b'"subject":"', b'"subject":"x'),
        (b'"time":"', b'"time":"x'),
        (b'"transition":"WATCHED",', b""),
        (b"{", b"["),
    ],
)
def test_what_is_not_an_event_as_promised_is_not_read(change: tuple[bytes, bytes]) -> None:
    assert change[0] in BODIES[0]
    with pytest.raises(NotAnEvent):
        read_event(BODIES[0].replace(*change, 1))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_???", "c2VjcmV0"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64 words its own
        key_of(secret)
