"""What every kind of notifier does, against a real server: a new kind is one more line of `KINDS`."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import get_args

import anyio
import pytest

from poller.config.webhook import WebhookConfig
from poller.core.delivery import REASON_LIMIT, Delivered, Gone, Outcome, Retry
from poller.core.event import Event
from poller.core.exchange import Request
from poller.core.notification import notification_of
from poller.net.session import Http
from poller.notifiers.kinds import build
from poller.notifiers.ports import Notifier
from poller.notifiers.webhook import MAX_ANSWER
from tests.core.samples import NOON, logged_event
from tests.notifiers.kinds_under_test import KINDS, KindUnderTest
from tests.notifiers.receiver import Receiver, receiving

EVENT = logged_event()
REFUSING = [300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 499]
FAILING = [500, 501, 502, 503, 504, 507, 599]
SOCKET_BUFFERS = 8_000_000  # bytes that the two ends' kernels and the server's library may take before they push back

Maker = Callable[..., Notifier]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as session:
        yield session


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> KindUnderTest:
    assert isinstance(request.param, KindUnderTest)
    return request.param


@pytest.fixture
def notifier(kind: KindUnderTest, receiver: Receiver, http: Http) -> Maker:
    def make(*, url: str | None = None, timeout: float = 5.0) -> Notifier:
        return build("backend", kind.configured(url or receiver.url, timeout), http=http, strict=http)

    return make


async def attempt(notifier: Notifier, event: Event = EVENT) -> Outcome:
    with anyio.fail_after(10):
        return await notifier.deliver(notification_of(event), now=NOON)


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Retry | Gone)
    assert len(outcome.reason) <= REASON_LIMIT
    return outcome.reason


def test_every_kind_that_can_be_configured_is_under_test() -> None:
    assert set(get_args(WebhookConfig.model_fields["kind"].annotation)) == set(KINDS)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
async def test_every_2xx_is_a_delivery(notifier: Maker, receiver: Receiver, status: int) -> None:
    receiver.says(status)
    assert await attempt(notifier()) == Delivered()
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [*REFUSING, *FAILING])
async def test_every_other_status_is_tried_again_and_named(notifier: Maker, receiver: Receiver, status: int) -> None:
    receiver.says(status, headers={"Location": f"{receiver.url}/elsewhere"})
    outcome = await attempt(notifier())
    assert isinstance(outcome, Retry)
    assert f"HTTP {status}" in outcome.reason
    assert len(receiver.got) == 1


async def test_410_means_that_the_receiver_is_gone(notifier: Maker, receiver: Receiver) -> None:
    receiver.says(410)
    assert await attempt(notifier()) == Gone(reason="HTTP 410 Gone")


@pytest.mark.parametrize("status", [429, 503])
async def test_the_pause_that_is_asked_for_is_passed_on(notifier: Maker, receiver: Receiver, status: int) -> None:
    receiver.says(status, headers={"Retry-After": "77"})
    outcome = await attempt(notifier())
    assert isinstance(outcome, Retry)
    assert outcome.after == 77


async def test_a_redirect_is_not_followed(notifier: Maker, receiver: Receiver) -> None:
    receiver.says(307, headers={"Location": f"{receiver.url}/elsewhere"})
    assert "redirect not followed" in reason(await attempt(notifier()))
    assert [one.path for one in receiver.got if "elsewhere" in one.path] == []


async def test_a_receiver_that_hangs_costs_one_time_out(notifier: Maker, receiver: Receiver) -> None:
    receiver.hangs()
    started = time.monotonic()
    assert "timeout" in reason(await attempt(notifier(timeout=0.2)))
    assert time.monotonic() - started < 2
    with anyio.fail_after(5):
        await receiver.left.wait()


async def test_a_2xx_whose_body_never_ends_is_a_delivery(notifier: Maker, receiver: Receiver) -> None:
    receiver.never_ends(200)
    assert await attempt(notifier()) == Delivered()


async def test_a_2xx_whose_body_trickles_is_a_delivery_by_the_time_out(notifier: Maker, receiver: Receiver) -> None:
    receiver.never_ends(200, pause=0.2)
    started = time.monotonic()
    assert await attempt(notifier(timeout=0.4)) == Delivered()
    assert time.monotonic() - started < 3


async def test_a_2xx_whose_body_breaks_off_is_a_delivery(notifier: Maker, receiver: Receiver) -> None:
    receiver.hangs_up(after_head_of=200)
    assert await attempt(notifier()) == Delivered()


async def test_a_5xx_whose_body_breaks_off_is_a_5xx(notifier: Maker, receiver: Receiver) -> None:
    receiver.hangs_up(after_head_of=502)
    assert "HTTP 502" in reason(await attempt(notifier()))


async def test_an_endless_answer_is_left_soon(notifier: Maker, receiver: Receiver) -> None:
    receiver.never_ends(500)
    assert "HTTP 500" in reason(await attempt(notifier()))
    with anyio.fail_after(5):
        await receiver.left.wait()
    assert receiver.sent < SOCKET_BUFFERS


async def test_no_more_than_20_kb_of_an_answer_are_asked_for(kind: KindUnderTest, http: Http) -> None:
    limits: list[int] = []

    class Watching:
        async def send(self, request: Request, *, timeout: float, limit: int) -> object:  # noqa: ASYNC109 the port's word
            limits.append(limit)
            return await http.send(request, timeout=timeout, limit=limit)

    await attempt(build("backend", kind.configured("http://127.0.0.1:1", 5.0), http=Watching(), strict=http))  # type: ignore[arg-type]  # passes on what Http returns
    assert limits == [MAX_ANSWER]
    assert MAX_ANSWER == 20_000


async def test_a_connection_that_breaks_is_tried_again_later_and_not_at_once(
    notifier: Maker, receiver: Receiver
) -> None:
    receiver.hangs_up()
    assert "disconnected" in reason(await attempt(notifier()))
    assert len(receiver.got) == 1


async def test_a_receiver_that_does_not_listen_is_tried_again(notifier: Maker) -> None:
    assert "connect" in reason(await attempt(notifier(url="http://127.0.0.1:1")))


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.0.1]", "0xA9FEA9FE"])
async def test_an_address_of_the_cloud_is_refused_and_tried_again(notifier: Maker, host: str) -> None:
    assert "refused" in reason(await attempt(notifier(url=f"http://{host}", timeout=1.0)))


async def test_a_cancelled_attempt_ends_at_once_and_the_notifier_goes_on(notifier: Maker, receiver: Receiver) -> None:
    receiver.hangs()
    made = notifier()
    with anyio.move_on_after(0.2) as scope:
        await made.deliver(notification_of(EVENT), now=NOON)
    assert scope.cancelled_caught
    with anyio.fail_after(5):
        await receiver.left.wait()
    receiver.says(200)
    assert await attempt(made) == Delivered()


async def test_every_attempt_of_an_event_carries_the_same_bytes(notifier: Maker, receiver: Receiver) -> None:
    made = notifier()
    await made.deliver(notification_of(EVENT), now=NOON)
    await made.deliver(notification_of(EVENT), now=NOON + 3600)
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == EVENT.id


@pytest.mark.parametrize("way", ["echo 200", "echo 302", "echo 404", "echo 410", "echo 503", "cut", "hang", "refuse"])
async def test_nothing_shows_a_secret(
    kind: KindUnderTest, notifier: Maker, receiver: Receiver, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(logging.DEBUG)
    personal = ("13800138000", "signed-link")
    event = logged_event(fields={"name": "call 13800138000", "cover": "https://obs.example/signed-link"})
    made = notifier(timeout=0.5, url="http://169.254.169.254" if way == "refuse" else None)
    match way.split():
        case ["echo", status]:
            receiver.echoes(int(status))
        case ["cut"]:
            receiver.hangs_up()
        case _:
            receiver.hangs()
    outcome = await attempt(made, event)
    shown = f"{outcome!r} {made!r} {made} {caplog.text}"
    assert [word for word in (*kind.secrets, *personal) if word in shown] == []
