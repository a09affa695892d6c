"""What each exchange means: the error classes of FACTS.md, in all the shapes that errors come in."""

import json
from email.utils import formatdate
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.core.exchange import Broken, BrokenHow, Reply
from poller.core.reading import Absent, Failed, Refused
from poller.core.secret import Secret
from poller.sources.huawei.judging import RETRY_AFTER_CAP, Unauthorized, Verdict, judge
from tests.sources.conftest import NOON
from tests.sources.metastudio.answers import JOB

TOO_FAR = ", more than the 15 minutes that signatures allow: set the clock (NTP)"
PAGE = b"<html><head><title>404 Not Found</title></head></html>"


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=raw, received_at=NOON)


def verdict(status: int, body: object = b"", **headers: str) -> Verdict:
    judged = judge(reply(status, body, **headers), job_id=JOB)
    assert isinstance(judged, Verdict)
    return judged


def fault(code: str, message: str = "something") -> dict[str, str]:
    return {"error_code": code, "error_msg": message}


def shapes(code: str, message: str) -> list[dict[str, Any]]:
    flat: list[dict[str, Any]] = [
        {"error_code": code, "error_msg": message},
        {"errorCode": code, "errorMsg": message},
        {"code": code, "message": message},
    ]
    return flat + [{"error": one} for one in flat] + [{"request_id": "r", "errors": one} for one in flat]


@pytest.mark.parametrize("body", shapes("MSS.00010008", "Invalid token"))
def test_the_code_is_found_in_every_shape(body: dict[str, Any]) -> None:
    outcome = verdict(400, body).outcome
    assert outcome == Unauthorized(reason="HTTP 400 MSS.00010008: Invalid token")


CLASSES: list[tuple[int, object, Any]] = [
    (401, b"", Unauthorized),
    (401, b"who are you?", Unauthorized),
    (401, PAGE, Unauthorized),
    (401, fault("APIG.9999"), Unauthorized),
    (401, {"error": {"code": 401, "message": "x", "title": "Unauthorized"}}, Unauthorized),
    *((status, fault(f"{gate}.{code}"), Unauthorized)
      for status in (400, 401, 403) for gate in ("APIG", "APIGW", "APIC") for code in ("0301", "0303", "0307")),
    (400, fault("MSS.00010008"), Unauthorized),
    (400, fault("mss.00010008"), Unauthorized),
    (400, fault("MSS.00010009"), Refused),
    (400, fault("MSS.00000003", "Invalid parameter"), Refused),
    (400, b"not json", Refused),
    (400, b"", Refused),
    (403, fault("APIG.0302"), Refused),
    (403, PAGE, Refused),
    (405, b"", Refused),
    (409, b"", Refused),
    (413, fault("APIG.0201"), Refused),
    (422, b"[]", Refused),
    (499, b"null", Refused),
    (404, b"", Absent),
    (404, fault("MSS.00010404", "The job does not exist"), Absent),
    (404, b"404: Not Found", Absent),
    (410, b"", Absent),
    (404, fault("APIG.0101"), Refused),
    (404, PAGE, Failed),
    *((status, b"", Failed) for status in (408, 429, 500, 501, 502, 503, 504, 507, 599)),
    (502, PAGE, Failed),
    (502, fault("APIG.0201"), Failed),
    (500, fault("APIG.0301"), Failed),
    (500, fault("MSS.00010008"), Failed),
    *((status, b"", Failed) for status in (100, 101, 199, 300, 301, 302, 304, 307, 308, 399, 600, 999)),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind"), CLASSES)
def test_each_status_and_code_has_its_class(status: int, body: object, kind: type) -> None:
    assert isinstance(verdict(status, body).outcome, kind)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b"", "throttled"),
        (400, fault("APIG.0308"), "throttled"),
        (403, fault("APIGW.0308"), "throttled"),
        (503, fault("APIC.0308"), "throttled"),
        (408, b"", "outage"),
        (500, b"", "outage"),
        (503, PAGE, "outage"),
        (302, b"", "nonsense"),
        (404, PAGE, "nonsense"),
    ],
)
def test_failures_are_told_apart(status: int, body: object, kind: str) -> None:
    outcome = verdict(status, body).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind == kind
    assert outcome.reason.startswith(f"HTTP {status}")


@pytest.mark.parametrize(
    ("code", "message", "absent"),
    [
        ("MSS.1", "The job does not exist", True),
        ("MSS.1", "Job not found", True),
        ("MSS.JOB_NOT_EXIST", "", True),
        ("JobNotFound", "oops", True),
        ("MSS.1", "No such task", True),
        ("MSS.1", "训练任务不存在", True),
        ("MSS.1", f"{JOB} not found", True),
        ("MSS.00000003", "Invalid parameter job_id", False),
        ("MSS.1", "The project does not exist", False),
        ("MSS.1", "job is locked", False),
        ("MSS.00010009", "job does not exist for this tenant", False),
    ],
)
def test_a_400_is_not_there_only_when_it_says_so_of_the_job(code: str, message: str, absent: bool) -> None:
    assert isinstance(verdict(400, fault(code, message)).outcome, Absent if absent else Refused)


@pytest.mark.parametrize("how", get_args(BrokenHow))
def test_a_broken_connection_is_an_outage_and_what_is_no_http_is_nonsense(how: BrokenHow) -> None:
    judged = judge(Broken(how=how, detail="as it was"), job_id=JOB)
    kind = "nonsense" if how in {"protocol", "too_large"} else "outage"
    assert judged == Verdict(outcome=Failed(kind=kind, reason="as it was"))  # type: ignore[arg-type]  # one of the two


def test_a_whole_2xx_is_an_answer_and_one_that_broke_off_is_nonsense() -> None:
    assert judge(reply(200, b"{}"), job_id=JOB) == reply(200, b"{}")
    cut = judge(reply(200, b"{}")._replace(truncated=True), job_id=JOB)
    assert isinstance(cut, Verdict)
    assert isinstance(cut.outcome, Failed)
    assert cut.outcome.kind == "nonsense"


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ("7", 7.0),
        (formatdate(NOON + 90, usegmt=True), 90.0),
        (formatdate(NOON - 90, usegmt=True), 0.0),
        ("999999999", RETRY_AFTER_CAP),
        ("soon", None),
        ("-1", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_within_reason(status: int, asked: str, after: float | None) -> None:
    outcome = verdict(status, retry_after=asked).outcome
    assert isinstance(outcome, Failed)
    assert outcome.after == after


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0, ""),
        (59, ""),
        (-59, ""),
        (90, "; this machine's clock is 90 seconds ahead of the upstream's"),
        (-300, "; this machine's clock is 5 minutes behind the upstream's"),
        (1020, f"; this machine's clock is 17 minutes ahead of the upstream's{TOO_FAR}"),
        (-7200, f"; this machine's clock is 2 hours behind the upstream's{TOO_FAR}"),
    ],
)  # fmt: skip
def test_a_clock_that_is_off_is_named_when_credentials_are_refused(ahead: int, said: str) -> None:
    outcome = verdict(401, fault("APIG.0303", "signature expired"), date=formatdate(NOON - ahead, usegmt=True)).outcome
    assert outcome == Unauthorized(reason=f"HTTP 401 APIG.0303: signature expired{said}")


@pytest.mark.parametrize("date", ["yesterday", "", "Sat, 99 Dec 2023 12:00:00 GMT"])
def test_a_date_that_is_none_says_nothing(date: str) -> None:
    assert verdict(401, date=date).outcome == Unauthorized(reason="HTTP 401")


def test_a_reason_names_status_code_message_and_request() -> None:
    outcome = verdict(400, fault("MSS.00000003", "Invalid parameter"), x_request_id="59e18a6f").outcome
    assert outcome == Refused(reason="HTTP 400 MSS.00000003: Invalid parameter (request 59e18a6f)")


def test_only_what_comes_from_behind_the_gateway_proves_the_credentials() -> None:
    assert verdict(404, fault("MSS.00010404")).proves
    assert verdict(400, fault("MSS.00000003")).proves
    assert verdict(403, fault("APIG.0302")).proves
    for status, body in ((404, b""), (404, fault("APIG.0101")), (429, b""), (500, fault("MSS.00000004")), (302, b"")):
        assert not verdict(status, body).proves, status
    assert not verdict(400, fault("MSS.00010008")).proves


SECRETS = ("secret-key-of-mine", "kilobytes-of-token")


@given(
    status=st.integers(100, 999),
    body=st.binary(max_size=80)
    | st.sampled_from([json.dumps(one).encode() for one in shapes(SECRETS[0], f"bad {SECRETS[1]} 13800138000")]),
    header=st.sampled_from(["retry-after", "date", "x-request-id", "content-type"]),
    value=st.text(max_size=30) | st.sampled_from(SECRETS),
)
@settings(max_examples=300, deadline=None)
def test_nothing_raises_and_nothing_leaks(status: int, body: bytes, header: str, value: str) -> None:
    secrets = [Secret(one) for one in SECRETS]
    judged = judge(
        Reply(status=status, headers={header: value}, body=body, received_at=NOON), job_id=JOB, secrets=secrets
    )
    shown = repr(judged)
    assert not any(secret in shown for secret in (*SECRETS, "13800138000"))
    assert len(shown) < 600


@pytest.mark.parametrize(("status", "truncated"), [(401, False), (500, False), (200, True)])
def test_no_part_of_an_answer_repeats_a_credential(status: int, truncated: bool) -> None:
    told = reply(status, fault("OpenSesame", "OpenSesame"), x_request_id="OpenSesame")
    repeating = told._replace(truncated=truncated)
    assert "OpenSesame" not in repr(judge(repeating, job_id=JOB, secrets=[Secret("OpenSesame")]))
