"""The token call: what is asked, and what the answer is worth."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.exchange import Broken, Reply
from poller.core.reading import Failed
from poller.core.secret import Secret
from poller.sources.huawei.iam import ASSUMED_LIFE, SHORTEST_LIFE, Account, Token, read_token, token_request
from poller.sources.huawei.judging import Unauthorized
from tests.sources.conftest import NOON

ACCOUNT = Account(
    endpoint="https://iam.example/", user="poller", domain="acme", password=Secret("correct horse"), project_id="0c5a1f"
)
DAY = 86400.0


def created(token: object, **headers: str) -> Reply:
    named = {"x-subject-token": "MIItoken"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=201, headers=named, body=json.dumps({"token": token}).encode(), received_at=NOON)


def refused(status: int, body: Any = b"", **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers=headers, body=raw, received_at=NOON)


def test_the_call_is_the_one_that_the_vendor_documents_and_hides_the_password() -> None:
    request = token_request(ACCOUNT)
    assert (request.method, request.url) == ("POST", "https://iam.example/v3/auth/tokens?nocatalog=1")
    user = {"name": "poller", "password": "correct horse", "domain": {"name": "acme"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    assert json.loads(request.body) == {"auth": {"identity": identity, "scope": {"project": {"id": "0c5a1f"}}}}
    assert "horse" not in repr(request) + repr(ACCOUNT)


@pytest.mark.parametrize(
    ("token", "life"),
    [
        ({"issued_at": "2023-12-09T12:00:00.000000Z", "expires_at": "2023-12-10T12:00:00.000000Z"}, DAY),
        ({"issued_at": "2023-12-09T10:00:00Z", "expires_at": "2023-12-10T10:00:00Z"}, DAY),  # its clock is behind ours
        ({"expires_at": "2023-12-09T13:00:00.701000Z"}, 3600.701),
        ({"expires_at": "2023-12-09T21:00:00+08:00"}, 3600.0),
        ({"issued_at": "?", "expires_at": "2023-12-09T12:00:20Z"}, 20.0),
        ({"expires_at": "2023-12-09T11:00:00Z"}, SHORTEST_LIFE),
        ({"expires_at": "tomorrow"}, ASSUMED_LIFE),
        ({"expires_at": 1702123200}, ASSUMED_LIFE),
        ({}, ASSUMED_LIFE),
        (None, ASSUMED_LIFE),
        ([], ASSUMED_LIFE),
    ],
)
def test_a_token_lives_as_long_as_the_answer_says_by_the_answers_own_clock(token: object, life: float) -> None:
    read = read_token(created(token), ACCOUNT)
    assert isinstance(read, Token)
    assert read.expires_at - NOON == pytest.approx(life)
    assert read.expires_at - read.renew_at == pytest.approx(min(1800.0, life / 10))
    assert "MII" not in repr(read)


def test_without_a_time_of_issue_the_date_of_the_answer_counts() -> None:
    read = read_token(created({"expires_at": "2023-12-09T12:00:00Z"}, date="Sat, 09 Dec 2023 11:00:00 GMT"), ACCOUNT)
    assert isinstance(read, Token)
    assert read.expires_at == NOON + 3600


@pytest.mark.parametrize("value", ["", "two\nlines", "kräftig"])
def test_an_answer_without_a_token_that_can_be_sent_is_nonsense(value: str) -> None:
    read = read_token(created({}, x_subject_token=value), ACCOUNT)
    assert isinstance(read, Failed)
    assert read.kind == "nonsense"


def test_a_wrong_password_is_told_without_it() -> None:
    body = {"error": {"code": 401, "message": "password correct horse is wrong", "title": "Unauthorized"}}
    read = read_token(refused(401, body), ACCOUNT)
    assert isinstance(read, Unauthorized)
    assert read.reason.startswith("no token for the user and password: HTTP 401: password")
    assert "horse" not in read.reason


@pytest.mark.parametrize(("status", "kind"), [(400, "outage"), (403, "outage"), (404, "outage"), (429, "throttled"),
                                              (500, "outage"), (503, "outage"), (302, "nonsense")])  # fmt: skip
def test_anything_but_a_refused_password_does_not_count_against_the_credential(status: int, kind: str) -> None:
    read = read_token(refused(status), ACCOUNT)
    assert isinstance(read, Failed)
    assert read.kind == kind


def test_a_broken_connection_is_an_outage_of_the_token_call() -> None:
    read = read_token(Broken(how="timeout", detail="no answer in time"), ACCOUNT)
    assert read == Failed(kind="outage", reason="token call: no answer in time")


@given(st.integers(200, 599), st.binary(max_size=60), st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_no_answer_raises(status: int, body: bytes, value: str) -> None:
    headers = {"x-subject-token": value, "date": value, "retry-after": value}
    read = read_token(Reply(status=status, headers=headers, body=body, received_at=NOON), ACCOUNT)
    assert isinstance(read, Token | Unauthorized | Failed)
