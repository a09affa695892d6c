"""The pure halves of the webhook: what is sent, and what an answer means."""

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.delivery import REASON_LIMIT, RETRY_AFTER_CAP, Delivered, Gone, Retry
from poller.core.exchange import Broken, BrokenHow, Reply
from poller.core.notification import Notification, notification_of
from poller.core.secret import Secret
from poller.notifiers.webhook import WebhookSettings, judge, prepare
from tests.core.samples import NOON, logged_event

SETTINGS = WebhookSettings(
    url=Secret("https://example.com/hook"), keys=(b"k" * 24,), headers={"X-Team": Secret("avatars")}
)
EVENT = logged_event()
NOTIFICATION = notification_of(EVENT)


def reply(status: int, **headers: str) -> Reply:
    return Reply(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"",
        received_at=NOON,
    )


def test_a_request_says_what_the_contract_says() -> None:
    request = prepare(SETTINGS, NOTIFICATION, NOON)
    assert (request.method, request.url) == ("POST", "https://example.com/hook")
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["webhook-id"] == EVENT.id
    assert request.headers["webhook-timestamp"] == "1702107110"
    assert request.headers["x-team"] == "avatars"
    assert json.loads(request.body)["data"]["transition"] == "SYSTEM_VERIFY_SUCCESS"


def test_later_attempts_differ_in_time_and_signature_only() -> None:
    first, later = prepare(SETTINGS, NOTIFICATION, NOON), prepare(SETTINGS, NOTIFICATION, NOON + 61)
    differing = {name for name in first.headers if first.headers[name] != later.headers[name]}
    assert differing == {"webhook-timestamp", "webhook-signature"}
    assert first.body == later.body


def test_a_configured_header_does_not_replace_ours() -> None:
    headers = {"Webhook-Id": Secret("mine"), "CONTENT-TYPE": Secret("text/plain")}
    request = prepare(WebhookSettings(url=Secret("http://x/"), keys=(b"k",), headers=headers), NOTIFICATION, NOON)
    assert request.headers["webhook-id"] == EVENT.id
    assert len({name.lower() for name in request.headers}) == len(request.headers)
    assert "text/plain" not in request.headers.values()


def test_settings_and_requests_show_no_secret() -> None:
    shown = f"{SETTINGS!r} {prepare(SETTINGS, NOTIFICATION, NOON)!r}"
    assert "example.com" not in shown
    assert "kkk" not in shown
    assert "avatars" not in shown


@pytest.mark.parametrize("status", [100, 101, 199, 300, 399, 400, 404, 499, 500, 599, 600, 999])
def test_what_is_not_2xx_and_not_410_is_tried_again(status: int) -> None:
    outcome = judge(reply(status, retry_after="60"))
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith(f"HTTP {status}")
    assert outcome.after is None


def test_reasons_are_in_our_words() -> None:
    assert judge(reply(404)) == Retry(reason="HTTP 404 Not Found")
    assert judge(reply(302)) == Retry(reason="HTTP 302 Found: redirect not followed")
    assert judge(reply(410)) == Gone(reason="HTTP 410 Gone")
    assert judge(reply(599)) == Retry(reason="HTTP 599")
    assert judge(Broken(how="refused_address", detail="link-local address")) == Retry(
        reason="address refused: link-local address"
    )


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_passed_on_and_capped(status: int) -> None:
    near, far = (judge(reply(status, retry_after=text)) for text in ("120", "9" * 12))
    assert isinstance(near, Retry)
    assert isinstance(far, Retry)
    assert near.after == 120
    assert far.after == RETRY_AFTER_CAP


@pytest.mark.parametrize("nonsense", ["", "soon", "-5", "1e3", "5, 10", "0x10", "\u0661", "9" * 400, "inf", "nan"])
def test_a_retry_after_that_is_nonsense_is_ignored(nonsense: str) -> None:
    outcome = judge(reply(503, retry_after=nonsense))
    assert isinstance(outcome, Retry)
    assert outcome.after is None


def test_a_2xx_is_a_delivery_however_its_body_behaves() -> None:
    cut = Reply(status=200, headers={}, body=b"\xff" * 20_000, received_at=NOON, truncated=True)
    assert judge(cut) == Delivered()


@settings(max_examples=200)
@given(
    status=st.integers(100, 999),
    headers=st.dictionaries(st.sampled_from(["retry-after", "date", "location"]), st.text(max_size=40)),
    body=st.binary(max_size=40),
)
def test_any_answer_is_judged_and_none_of_its_words_is_repeated(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    marked = {name: f"{value}\u2620" for name, value in headers.items()}
    outcome = judge(Reply(status=status, headers=marked, body=body, received_at=NOON))
    assert isinstance(outcome, Delivered) == (200 <= status < 300)
    assert isinstance(outcome, Gone) == (status == 410)
    assert "\u2620" not in repr(outcome)


@given(how=st.sampled_from(get_args(BrokenHow)), detail=st.text(max_size=2000))
def test_what_breaks_is_tried_again_with_a_bounded_reason(how: BrokenHow, detail: str) -> None:
    outcome = judge(Broken(how=how, detail=detail))
    assert isinstance(outcome, Retry)
    assert outcome.after is None
    assert len(outcome.reason) <= REASON_LIMIT


def test_events_that_are_told_together_are_a_batch_with_an_id_of_its_own() -> None:
    request = prepare(SETTINGS, Notification(id="bundle-1", events=(EVENT, EVENT)), NOON)
    assert request.headers["content-type"] == "application/cloudevents-batch+json; charset=utf-8"
    assert request.headers["webhook-id"] == "bundle-1"
    assert [one["id"] for one in json.loads(request.body)] == [EVENT.id, EVENT.id]
