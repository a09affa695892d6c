"""Real deliveries, read by other people's libraries: standardwebhooks verifies, cloudevents parses."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from poller.core.delivery import Delivered
from poller.core.event import Event
from poller.core.notices import source_blind
from poller.core.notices import test_event as a_test_event
from poller.core.notification import notification_of
from poller.net.session import Http
from poller.notifiers.kinds import build
from poller.testing.receiver import Got, Receiver, receiving
from tests.core.samples import NOON, comment, logged_event, operation, polled, snapshot
from tests.notifiers.kinds_under_test import NEW_KEY, OLD_KEY, webhook

STRANGER = "whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXI="


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def delivered(receiver: Receiver, event: Event, now: float) -> Got:
    async with Http() as http:
        assert (
            await build("backend", webhook(receiver.url), http=http, strict=http).deliver(
                notification_of(event), now=now
            )
            == Delivered()
        )
    return receiver.got[-1]


def every_type() -> list[Event]:
    looks = [
        snapshot("MANUAL_VERIFYING", operation(1, "SUBMIT", "USER")),
        snapshot("JOB_SUCCESS", operation(1, "SUBMIT", "USER"), operation(2, "Ünknown \ud800"), comment(3, "REVIEW")),
        snapshot("TRAINING", operation(1, "SUBMIT", "USER")),
    ]
    notices = [source_blind("prod", "HTTP 401", now=NOON), a_test_event("backend", now=NOON)]
    return [*polled(looks, first_sight="all")[1], *notices]


@pytest.mark.parametrize("secret", [NEW_KEY, OLD_KEY])
async def test_a_receiver_that_knows_any_active_secret_verifies(receiver: Receiver, secret: str) -> None:
    event = logged_event()
    got = await delivered(receiver, event, now=time.time())
    assert Verifier(secret).verify(got.body, got.headers) == json.loads(got.body)
    assert got.headers["webhook-id"] == event.id


async def test_a_changed_body_a_changed_id_and_a_strange_secret_do_not_verify(receiver: Receiver) -> None:
    got = await delivered(receiver, logged_event(), now=time.time())
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW_KEY).verify(got.body + b" ", got.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW_KEY).verify(got.body, got.headers | {"webhook-id": "another"})
    with pytest.raises(WebhookVerificationError):
        Verifier(STRANGER).verify(got.body, got.headers)


async def test_the_timestamp_is_that_of_the_attempt(receiver: Receiver) -> None:
    got = await delivered(receiver, logged_event(), now=time.time() - 3600)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Verifier(NEW_KEY).verify(got.body, got.headers)


@pytest.mark.parametrize("event", every_type(), ids=lambda event: event.type)
async def test_every_event_is_a_cloud_event_in_structured_mode(receiver: Receiver, event: Event) -> None:
    got = await delivered(receiver, event, now=NOON)
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    parsed = from_http_event(HTTPMessage(headers=got.headers, body=got.body))
    assert (parsed.get_specversion(), parsed.get_id(), parsed.get_type()) == ("1.0", event.id, event.type)
    assert parsed.get_subject() == event.subject
    assert parsed.get_source() == ("/sources/prod" if event.source else "/notifiers/backend")
    told_at = parsed.get_time()
    assert told_at is not None
    assert told_at <= datetime.fromtimestamp(NOON + 20, UTC)
    data = parsed.get_data()
    assert isinstance(data, dict)
    assert data["summary"]
    if event.sequence is not None:
        assert int(str(parsed.get_extension("sequence"))) == data["sequence"] == event.sequence


async def test_what_the_operator_configured_is_sent(receiver: Receiver) -> None:
    got = await delivered(receiver, logged_event(), now=NOON)
    assert got.path == "/hooks/url-token-1?key=url-token-2"
    assert got.headers["authorization"] == "Bearer header-token"
    assert got.headers["x-team"] == "avatars"
