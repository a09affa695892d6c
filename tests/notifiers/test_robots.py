"""Chat robots: what each is sent, how it is signed, and what its answers mean."""

import base64
import hashlib
import hmac
import json
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest

from poller.config.webhook import SIGNED_PRESETS, Preset
from poller.core.delivery import Delivered, Outcome, Retry
from poller.core.exchange import Reply
from poller.core.notification import Notification, notification_of
from poller.core.secret import Secret
from poller.core.specimens import examples
from poller.core.trials import trials
from poller.notifiers import robots
from poller.notifiers.robots import LONGEST_CONTENT, SIGNING, Robot
from poller.notifiers.webhook import WebhookSettings, judge, prepare
from poller.testing.notifiers import worded
from tests.core.samples import NOON

NOTIFICATION = notification_of(examples()["poller.job.operation_logged"])
SECRET = "SEC0123"
PRESETS = get_args(robots.Preset)


def request_of(preset: Any, *, secret: str | None = None, notification: Notification = NOTIFICATION) -> tuple[str, Any]:
    robot = Robot(preset=preset, secret=Secret(secret) if secret else None)
    settings = WebhookSettings(
        url=Secret("https://robots.example/send?t=1"), keys=(), content=robot.content, robot=robot
    )
    request = prepare(settings, notification, NOON)
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    return request.url, json.loads(request.body)


def words_of(preset: Any, document: Any) -> str:
    match preset:
        case "slack":
            return str(document["text"])
        case "teams":
            return "\n".join(block["text"] for block in document["attachments"][0]["content"]["body"])
        case "feishu":
            return str(document["content"]["text"])
        case _:
            return str(document["text"]["content"])


def outcome(preset: Any, body: bytes, status: int = 200) -> Outcome:
    reply = Reply(status=status, headers={}, body=body, received_at=NOON)
    return judge(reply, Robot(preset=preset))


def test_the_presets_of_the_configuration_are_those_that_are_known() -> None:
    assert get_args(Preset) == PRESETS
    assert set(SIGNED_PRESETS) == set(SIGNING)


def test_each_robot_gets_the_body_of_its_documentation() -> None:
    assert set(request_of("slack")[1]) == {"text"}
    assert request_of("teams")[1]["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert request_of("feishu")[1]["msg_type"] == "text"
    assert request_of("dingtalk")[1]["msgtype"] == request_of("wecom")[1]["msgtype"] == "text"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_text_says_what_happened_and_is_never_too_long(preset: str) -> None:
    first = words_of(preset, request_of(preset)[1]).splitlines()[0]
    assert first == "Test Name: SYSTEM_VERIFY_SUCCESS by SYSTEM"
    for _, notification in trials():
        assert words_of(preset, request_of(preset, notification=notification)[1])
    many = Notification(id="b", events=tuple(worded(f"{number} 数字人" * 40) for number in range(60)))
    words = words_of(preset, request_of(preset, notification=many)[1])
    assert words.startswith("60 events\n")
    assert len(words.encode()) <= LONGEST_CONTENT


def test_several_events_are_a_line_each_and_the_rest_is_counted() -> None:
    events = [NOTIFICATION.events[0]._replace(data={"summary": f"job {number}: DONE"}) for number in range(23)]
    lines = words_of("wecom", request_of("wecom", notification=Notification(id="b", events=tuple(events)))[1]).split(
        "\n"
    )
    assert lines == ["23 events", *(f"job {number}: DONE" for number in range(20)), "… and 3 more"]


def test_what_slack_would_take_for_its_own_is_escaped() -> None:
    said = request_of("slack", notification=notification_of(worded("<!channel> & <http://x|y>")))[1]["text"]
    assert "<" not in said
    assert "&lt;!channel&gt; &amp; " in said


def test_dingtalk_is_signed_in_the_query() -> None:
    url, _ = request_of("dingtalk", secret=SECRET)
    query = parse_qs(urlsplit(url).query)
    stamp = str(int(NOON * 1000))
    expected = base64.b64encode(hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest())
    assert query == {"t": ["1"], "timestamp": [stamp], "sign": [expected.decode()]}
    assert "+" not in urlsplit(url).query


def test_feishu_is_signed_in_the_body() -> None:
    url, document = request_of("feishu", secret=SECRET)
    stamp = str(int(NOON))
    expected = base64.b64encode(hmac.new(f"{stamp}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest())
    assert url == "https://robots.example/send?t=1"
    assert (document["timestamp"], document["sign"]) == (stamp, expected.decode())


@pytest.mark.parametrize("preset", PRESETS)
def test_without_a_secret_nothing_is_signed(preset: str) -> None:
    url, document = request_of(preset)
    assert url.endswith("/send?t=1")
    assert "sign" not in document


@pytest.mark.parametrize(
    ("preset", "body"),
    [
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}'),
        ("wecom", b'{"errcode":0,"errmsg":"ok"}'),
        ("feishu", b'{"code":0,"msg":"success","data":{}}'),
        ("feishu", b'{"StatusCode":0,"StatusMessage":"success"}'),
        ("slack", b"ok"),
        ("teams", b""),
    ],
)
def test_what_a_robot_accepts_is_delivered(preset: str, body: bytes) -> None:
    assert outcome(preset, body) == Delivered()


@pytest.mark.parametrize(
    ("preset", "body", "reason", "after"),
    [
        ("dingtalk", b'{"errcode":310000,"errmsg":"hunter2"}', "code 310000: refused by the robot's security", None),
        ("dingtalk", b'{"errcode":130101,"errmsg":"hunter2"}', "code 130101: too many messages", 600.0),
        ("feishu", b'{"code":19021,"msg":"hunter2"}', "code 19021: the signature does not match", None),
        ("feishu", b'{"StatusCode":9499,"StatusMessage":"hunter2"}', "code 9499: too many messages", None),
        ("wecom", b'{"errcode":93000,"errmsg":"hunter2"}', "code 93000: no such robot", None),
        ("wecom", b'{"errcode":-1,"errmsg":"hunter2"}', "code -1: refused", None),
        ("dingtalk", b"<html>hunter2</html>", "not the answer of a robot", None),
        ("dingtalk", b"", "not the answer of a robot", None),
        ("feishu", b'{"code":"hunter2"}', "not the answer of a robot", None),
        ("wecom", b"[" * 20_000, "not the answer of a robot", None),
        ("wecom", b"[0]", "not the answer of a robot", None),
    ],
)
def test_a_200_that_refuses_is_tried_again_and_said_in_our_words(
    preset: str, body: bytes, reason: str, after: float | None
) -> None:
    found = outcome(preset, body)
    assert isinstance(found, Retry)
    assert found.reason.startswith("HTTP 200, ")
    assert reason in found.reason
    assert "hunter2" not in found.reason
    assert found.after == after


def test_a_status_that_is_no_2xx_is_judged_as_of_any_webhook() -> None:
    assert outcome("dingtalk", b'{"errcode":0}', status=502) == Retry(reason="HTTP 502 Bad Gateway")
