"""The signature, against the standard's own library and its published example."""

import base64
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Verifier

from poller.notifiers.standard_webhooks import sign

KEYS = st.binary(min_size=1, max_size=70)
IDS = st.text("abcdef0123456789", min_size=1, max_size=40)
SECONDS = st.integers(0, 4_000_000_000)


def test_the_published_example_has_the_published_signature() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(key=KEYS, message_id=IDS, at=SECONDS, body=st.text(st.characters(codec="utf-8")))
def test_a_signature_is_that_of_the_standards_own_library(key: bytes, message_id: str, at: int, body: str) -> None:
    theirs = Verifier(key).sign(message_id, datetime.fromtimestamp(at, UTC), body)
    assert sign([key], message_id, at, body.encode()) == theirs


@given(keys=st.lists(KEYS, min_size=1, max_size=5), message_id=IDS, at=SECONDS, body=st.binary())
def test_there_is_one_signature_for_each_secret_in_their_order(
    keys: list[bytes], message_id: str, at: int, body: bytes
) -> None:
    assert sign(keys, message_id, at, body).split(" ") == [sign([key], message_id, at, body) for key in keys]
