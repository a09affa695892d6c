"""What the upstream says is shown short and without anything that must not be shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.secret import Secret
from poller.sources.huawei.redaction import LONGEST, safe_code, safe_message, safe_request_id

TOKEN = "MIIabc"
ECHO = (
    "Incorrect app authentication information: verify signature failed, canonicalRequest:GET|/v1/0c5a/jobs/efc5/||"
    "host:metastudio.example|x-project-id:0c5a|x-sdk-date:20231209T073137Z||host;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb924"
)
HIDDEN = [
    ("wrong signature 3f2a9bc04d7e11c2a5b6", "3f2a9bc04d7e11c2a5b6"),
    ("token=abc is old", "abc"),
    ("password: hunter2", "hunter2"),
    ("AK=HPUA7XXX not found", "HPUA7XXX"),
    ("see https://obs.example/a?Signature=b", "obs.example"),
    ("call +86 138-0013-8000 now", "0013"),
    ("phone 13800138000", "13800138000"),
    ("write to ops@example.com", "example.com"),
    ("decode MIIEvQIBADANBgkqhkiG9w0BAQ failed", "MIIEvQ"),
    ("X-Auth-Token: zz", "zz"),
    ("Authorization: SDK-HMAC-SHA256 Access=AK, Signature=ff", "ff"),
    (f"the token {TOKEN} is unknown", TOKEN),
    ("access_key abc1def2ghi3jk", "abc1def2ghi3jk"),
]


@pytest.mark.parametrize(("text", "hidden"), HIDDEN)
def test_what_could_be_a_credential_a_link_or_a_person_is_hidden(text: str, hidden: str) -> None:
    assert hidden not in safe_message(text, [Secret(TOKEN), Secret("")])


def test_an_echoed_request_is_cut_off_and_the_cause_before_it_stays() -> None:
    assert safe_message(ECHO) == "Incorrect app authentication information: verify signature failed, …"


@pytest.mark.parametrize(
    "text", ["Invalid parameter", "The job does not exist", "令牌无效", "Backend unavailable", "status 3 of 5"]
)
def test_plain_words_stay(text: str) -> None:
    assert safe_message(text) == text


def test_a_message_is_one_short_line_that_no_terminal_obeys() -> None:
    shown = safe_message("first\nsecond\t\x1b[31mred\x00 " + "word " * 500)
    assert shown.startswith("first second [31mred word")
    assert len(shown) == LONGEST
    assert shown.isprintable()


@given(st.text(max_size=40), st.text(min_size=4, max_size=20), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_known_secret_never_shows(before: str, secret: str, after: str) -> None:
    shown = safe_message(before + secret + after, [Secret(secret)])
    assert len(shown) <= LONGEST
    assert secret not in shown or secret in (before + "…" + after)


@pytest.mark.parametrize("code", ["MSS.00000003", "APIG.0301", "APIGW.0308", "401", "IAM_ERROR", "InvalidToken"])
def test_codes_are_shown(code: str) -> None:
    assert safe_code(code) == code


@pytest.mark.parametrize("code", ["", "x" * 41, "a b", "MIIabc/def+=", "<script>", "1" * 11, "a\nb", "tok=1"])
def test_what_does_not_look_like_a_code_is_not(code: str) -> None:
    assert safe_code(code) == ""


def test_request_ids_are_shown_if_they_look_like_one() -> None:
    assert safe_request_id("59e18a6f4d2c4b0d9d5e0a52a3c8f0e1") == "59e18a6f4d2c4b0d9d5e0a52a3c8f0e1"
    assert safe_request_id("a b") == safe_request_id("x" * 65) == safe_request_id("") == ""


@pytest.mark.parametrize("repeated", ["OpenSesame", "opensesame", "x-OpenSesame-1"])
def test_codes_and_request_ids_that_repeat_a_secret_are_not_shown(repeated: str) -> None:
    assert safe_code(repeated.replace("-", "_"), [Secret("OpenSesame")]) == ""
    assert safe_request_id(repeated, [Secret("OpenSesame")]) == ""
    assert safe_request_id(repeated, [Secret("x")]) == repeated
