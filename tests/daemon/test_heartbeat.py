"""The heartbeat stops when progress stops, and says what is wrong once."""

import pytest
from structlog.testing import capture_logs

from poller.config import Heartbeat
from poller.config.secrecy import SecretUrl
from poller.core.exchange import Broken, Exchange, Reply, Request
from poller.daemon.heartbeat import Heart

TABLE = Heartbeat(url=SecretUrl("https://hc.example/planted"), every=60.0, timeout=10.0)
GOOD = Reply(status=204, headers={}, body=b"", received_at=0.0)


class Service:
    """Answers each beat with the next of what it was given, the last one for ever."""

    def __init__(self, *answers: Exchange) -> None:
        self._answers = list(answers)
        self.asked: list[Request] = []

    async def send(self, request: Request, *, timeout: float, limit: int) -> Exchange:  # noqa: ASYNC109 the port's word
        self.asked.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def test_a_beat_is_one_call_of_the_url() -> None:
    service = Service(GOOD)

    await Heart(service, lambda: TABLE, lambda: None).round(TABLE)

    assert [(request.method, request.url, request.body) for request in service.asked] == [
        ("GET", "https://hc.example/planted", b"")
    ]


async def test_while_something_stalls_nothing_is_called_and_the_reason_is_said_once() -> None:
    service, stalled = Service(GOOD), ["poll prod"]
    heart = Heart(service, lambda: TABLE, lambda: stalled[0] if stalled else None)

    with capture_logs() as logged:
        for _ in range(3):
            await heart.round(TABLE)
        assert service.asked == []
        stalled.clear()
        await heart.round(TABLE)

    assert len(service.asked) == 1
    assert [(line["event"], line.get("reason")) for line in logged] == [
        ("the heartbeat pauses: something makes no progress", "poll prod"),
        ("the heartbeat goes on", None),
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Reply(status=404, headers={}, body=b"planted", received_at=0.0), "HTTP 404"),
        (Reply(status=302, headers={"location": "planted"}, body=b"", received_at=0.0), "HTTP 302"),
        (Broken(how="refused_address", detail="cloud metadata address"), "cloud metadata address"),
    ],
)
async def test_what_does_not_arrive_is_said_once_until_it_arrives(answer: Exchange, reason: str) -> None:
    heart = Heart(Service(answer, answer, answer, GOOD), lambda: TABLE, lambda: None)

    with capture_logs() as logged:
        for _ in range(5):
            await heart.round(TABLE)

    assert [(line["event"], line.get("reason")) for line in logged] == [
        ("the heartbeat does not arrive", reason),
        ("the heartbeat goes on", None),
    ]
    assert "planted" not in str(logged)
