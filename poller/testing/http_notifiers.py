"""The contract of kinds of notifiers that send HTTP requests: every status, and all that an HTTP server can do wrong.

A kind passes if a subclass of `HttpNotifierContract` does; its stage is a `staging` of the kind.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import anyio
import pytest

from poller.core.delivery import Delivered, Gone, Rejected, Retry
from poller.core.exchange import Exchange, Request
from poller.core.notification import notification_of
from poller.core.specimens import examples
from poller.net.session import Http
from poller.notifiers import ports
from poller.notifiers.ports import Notifier
from poller.testing.notifiers import LONG, NOW, SHORT, NotifierContract, attempt, reason_of
from poller.testing.receiver import Got, Receiver, receiving
from poller.testing.staging import Way, on_stage

REFUSING: Final = (300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 499)
FAILING: Final = (500, 501, 502, 503, 504, 507, 599)
MOST_READ: Final = 20_000  # bytes of an answer (INTERFACE.md section 4)
SOCKET_BUFFERS: Final = (
    8_000_000  # bytes that the two ends' kernels and the server's library may take before they push back
)
NOWHERE: Final = "http://127.0.0.1:1"  # where nobody listens
LINK_LOCAL: Final = ("169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.0.1]", "0xA9FEA9FE")

Make = Callable[[str, float, ports.Http], Notifier]


@dataclass(kw_only=True)
class HttpStage:
    """A receiver, and notifiers of one kind that send to it. `make` takes a URL, the seconds of the time-out and the HTTP port.

    `accepted` is the body of a good answer, and `steady` what of a request is the same on every attempt.
    """

    receiver: Receiver
    http: Http
    make: Make
    secrets: Sequence[str]
    accepted: str = ""
    steady: Callable[[Got], bytes] = field(default=lambda got: got.body)
    refusal: type[Retry | Rejected | Gone] = Retry
    url: str = ""

    def notifier(self, *, timeout: float, url: str | None = None) -> Notifier:
        """A notifier called `stage`."""
        return self.make(url or self.url or self.receiver.url, timeout, self.http)

    async def behaves(self, way: Way) -> None:
        """How the receiver meets the next requests."""
        match way:
            case "accepts":
                self.receiver.says(200, text=self.accepted)
            case "later":
                self.receiver.says(503, headers={"Retry-After": "77"})
            case "refuses":
                self.receiver.says(400)
            case "hangs":
                self.receiver.hangs()
            case "breaks":
                self.receiver.hangs_up()
            case "floods":
                self.receiver.never_ends(200)
            case "echoes":
                self.receiver.echoes(404)
            case "absent":
                self.url = NOWHERE

    async def told(self) -> Sequence[bytes]:
        """What came by POST."""
        return [self.steady(one) for one in self.receiver.got if one.method == "POST"]


@asynccontextmanager
async def staging(
    make: Make,
    *,
    secrets: Sequence[str],
    accepted: str = "",
    steady: Callable[[Got], bytes] = lambda got: got.body,
    refusal: type[Retry | Rejected | Gone] = Retry,
) -> AsyncIterator[HttpStage]:
    """A stage of the kind that `make` makes."""
    async with receiving() as receiver, Http() as http:
        stage = HttpStage(
            receiver=receiver, http=http, make=make, secrets=secrets, accepted=accepted, steady=steady, refusal=refusal
        )
        await stage.behaves("accepts")
        yield stage


class HttpNotifierContract(NotifierContract):
    """What a kind that sends HTTP requests does besides: no status but a 2xx is a delivery (INTERFACE.md section 4)."""

    def stage(self) -> AbstractAsyncContextManager[HttpStage]:
        """A fresh stage."""
        raise NotImplementedError

    @pytest.mark.parametrize("status", [*REFUSING, *FAILING])
    @on_stage
    async def test_every_other_status_is_tried_again_and_named(self, stage: HttpStage, status: int) -> None:
        stage.receiver.says(status, headers={"Location": f"{stage.receiver.url}/elsewhere"})
        outcome = await attempt(stage.notifier(timeout=LONG))
        assert isinstance(outcome, Retry)
        assert f"HTTP {status}" in outcome.reason
        assert len(stage.receiver.got) == 1

    @on_stage
    async def test_410_means_that_the_receiver_is_gone(self, stage: HttpStage) -> None:
        stage.receiver.says(410)
        assert await attempt(stage.notifier(timeout=LONG)) == Gone(reason="HTTP 410 Gone")

    @pytest.mark.parametrize("status", [429, 503])
    @on_stage
    async def test_the_pause_that_is_asked_for_is_passed_on(self, stage: HttpStage, status: int) -> None:
        stage.receiver.says(status, headers={"Retry-After": "77"})
        outcome = await attempt(stage.notifier(timeout=LONG))
        assert isinstance(outcome, Retry)
        assert outcome.after == 77

    @on_stage
    async def test_a_redirect_is_not_followed(self, stage: HttpStage) -> None:
        stage.receiver.says(307, headers={"Location": f"{stage.receiver.url}/elsewhere"})
        assert "redirect not followed" in reason_of(await attempt(stage.notifier(timeout=LONG)))
        assert [one.path for one in stage.receiver.got if "elsewhere" in one.path] == []

    @on_stage
    async def test_a_receiver_that_hangs_is_left(self, stage: HttpStage) -> None:
        stage.receiver.hangs()
        assert "timeout" in reason_of(await attempt(stage.notifier(timeout=SHORT)))
        with anyio.fail_after(LONG):
            await stage.receiver.left.wait()

    @on_stage
    async def test_a_cancelled_attempt_leaves_the_receiver(self, stage: HttpStage) -> None:
        stage.receiver.hangs()
        with anyio.move_on_after(SHORT) as scope:
            await stage.notifier(timeout=LONG).deliver(notification_of(examples()["poller.test"]), now=NOW)
        assert scope.cancelled_caught
        with anyio.fail_after(LONG):
            await stage.receiver.left.wait()

    @on_stage
    async def test_a_5xx_whose_body_breaks_off_is_a_5xx(self, stage: HttpStage) -> None:
        stage.receiver.hangs_up(after_head_of=502)
        assert "HTTP 502" in reason_of(await attempt(stage.notifier(timeout=LONG)))

    @on_stage
    async def test_an_endless_answer_is_left_soon(self, stage: HttpStage) -> None:
        stage.receiver.never_ends(500)
        assert "HTTP 500" in reason_of(await attempt(stage.notifier(timeout=LONG)))
        with anyio.fail_after(LONG):
            await stage.receiver.left.wait()
        assert stage.receiver.sent < SOCKET_BUFFERS

    @on_stage
    async def test_no_more_than_20_kb_of_an_answer_are_asked_for(self, stage: HttpStage) -> None:
        limits: list[int] = []

        class Watching:
            async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
                limits.append(limit)
                return await stage.http.send(request, timeout=timeout, limit=limit)

        await attempt(stage.make(NOWHERE, LONG, Watching()))
        assert [limit for limit in limits if limit > MOST_READ] == []
        assert len(limits) == 1

    @on_stage
    async def test_a_connection_that_breaks_is_tried_again_later_and_not_at_once(self, stage: HttpStage) -> None:
        stage.receiver.hangs_up()
        assert "disconnected" in reason_of(await attempt(stage.notifier(timeout=LONG)))
        assert len(stage.receiver.got) == 1

    @on_stage
    async def test_a_receiver_that_does_not_listen_is_tried_again(self, stage: HttpStage) -> None:
        assert "connect" in reason_of(await attempt(stage.notifier(timeout=LONG, url=NOWHERE)))

    @pytest.mark.parametrize("host", LINK_LOCAL)
    @on_stage
    async def test_an_address_of_the_cloud_is_refused_and_tried_again(self, stage: HttpStage, host: str) -> None:
        assert "refused" in reason_of(await attempt(stage.notifier(timeout=1.0, url=f"http://{host}")))

    @pytest.mark.parametrize("status", [200, 302, 404, 410, 503])
    @on_stage
    async def test_what_an_answer_repeats_is_not_shown(self, stage: HttpStage, status: int) -> None:
        stage.receiver.echoes(status)
        outcome = await attempt(stage.notifier(timeout=LONG))
        assert [word for word in stage.secrets if word in repr(outcome)] == []


class PlainHttpNotifierContract(HttpNotifierContract):
    """For kinds to which the status line says it all: a 2xx is a delivery however its body behaves (INTERFACE.md section 9)."""

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
    @on_stage
    async def test_every_2xx_is_a_delivery(self, stage: HttpStage, status: int) -> None:
        stage.receiver.says(status)
        assert await attempt(stage.notifier(timeout=LONG)) == Delivered()
        assert len(stage.receiver.got) == 1

    @on_stage
    async def test_a_2xx_whose_body_never_ends_is_a_delivery(self, stage: HttpStage) -> None:
        stage.receiver.never_ends(200)
        assert await attempt(stage.notifier(timeout=LONG)) == Delivered()

    @on_stage
    async def test_a_2xx_whose_body_trickles_is_a_delivery_by_the_time_out(self, stage: HttpStage) -> None:
        stage.receiver.never_ends(200, pause=0.2)
        started = time.monotonic()
        assert await attempt(stage.notifier(timeout=SHORT)) == Delivered()
        assert time.monotonic() - started < LONG

    @on_stage
    async def test_a_2xx_whose_body_breaks_off_is_a_delivery(self, stage: HttpStage) -> None:
        stage.receiver.hangs_up(after_head_of=200)
        assert await attempt(stage.notifier(timeout=LONG)) == Delivered()
