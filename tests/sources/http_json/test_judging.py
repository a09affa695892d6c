"""What a status and its headers mean."""

from collections.abc import Mapping

import pytest

from poller.core.exchange import Broken, BrokenHow, Reply
from poller.core.reading import Absent, Failed, Refused
from poller.core.secret import Secret
from poller.sources.http_json.judging import judge
from poller.sources.huawei.judging import RETRY_AFTER_CAP, Unauthorized, Verdict

NOON = 1_702_123_200.0  # 2023-12-09T12:00:00Z
TOKEN = "ghp_0123456789abcdefghij"


def reply(
    status: int,
    body: bytes = b'{"message":"no"}',
    headers: Mapping[str, str] | None = None,
    *,
    truncated: bool = False,
) -> Reply:
    return Reply(status=status, headers=headers or {}, body=body, received_at=NOON, truncated=truncated)


def outcome(answer: Reply, not_found: frozenset[int] = frozenset({404, 410})) -> object:
    verdict = judge(answer, not_found=not_found, secrets=[Secret(TOKEN)])
    assert isinstance(verdict, Verdict)
    return verdict.outcome


@pytest.mark.parametrize("status", [200, 203, 206])
def test_a_whole_answer_is_read(status: int) -> None:
    assert judge(reply(status), not_found=()) == reply(status)


def test_an_answer_that_broke_off_is_nonsense() -> None:
    told = outcome(reply(200, truncated=True))
    assert isinstance(told, Failed)
    assert told.kind == "nonsense"


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {}, None),
        (429, {"retry-after": "60"}, 60.0),
        (403, {"retry-after": "60"}, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOON) + 90)}, 90.0),
        (429, {"ratelimit-remaining": "0", "ratelimit-reset": str(int(NOON) + 90)}, 90.0),
        (429, {"ratelimit-reset": "45"}, 45.0),
        (429, {"retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOON) + 90)}, 5.0),
        (429, {"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(int(NOON) + 90)}, None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOON) - 9)}, 0.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, RETRY_AFTER_CAP),
        (429, {"retry-after": "999999999"}, RETRY_AFTER_CAP),
        (
            403,
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": str(int(NOON)),
                "date": "Sat, 09 Dec 2023 11:59:00 GMT",
            },
            60.0,
        ),
    ],
)
def test_throttling_is_told_with_how_long_it_lasts(status: int, headers: dict[str, str], after: float | None) -> None:
    told = outcome(reply(status, headers=headers))
    assert isinstance(told, Failed)
    assert (told.kind, told.after) == ("throttled", after)


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-remaining": "12"}])
def test_a_403_that_does_not_say_when_to_come_back_is_a_refusal(headers: dict[str, str]) -> None:
    assert isinstance(outcome(reply(403, headers=headers)), Refused)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, "outage"), (503, "outage"), (408, "outage"), (302, "nonsense"), (304, "nonsense"), (600, "nonsense")],
)
def test_other_failures(status: int, kind: str) -> None:
    told = outcome(reply(status))
    assert isinstance(told, Failed)
    assert told.kind == kind


def test_the_statuses_that_mean_not_there_are_the_configured_ones() -> None:
    assert isinstance(outcome(reply(404)), Absent)
    assert isinstance(outcome(reply(410)), Absent)
    assert isinstance(outcome(reply(400)), Refused)
    assert isinstance(outcome(reply(400), frozenset({400})), Absent)
    assert isinstance(outcome(reply(404), frozenset({400})), Refused)


def test_a_page_for_people_makes_no_job_absent() -> None:
    told = outcome(reply(404, b"<!DOCTYPE html><h1>Not found</h1>"))
    assert isinstance(told, Failed)
    assert "check the url" in told.reason


def test_only_a_401_says_that_credentials_are_not_accepted_and_404_and_403_that_they_are() -> None:
    assert isinstance(outcome(reply(401)), Unauthorized)
    for status, proves in ((401, False), (403, True), (404, True), (500, False), (429, False)):
        verdict = judge(reply(status), not_found={404})
        assert isinstance(verdict, Verdict)
        assert verdict.proves is proves, status


@pytest.mark.parametrize(
    ("how", "kind"), [("timeout", "outage"), ("connect", "outage"), ("protocol", "nonsense"), ("too_large", "nonsense")]
)
def test_no_answer_at_all(how: BrokenHow, kind: str) -> None:
    verdict = judge(Broken(how=how, detail="x"), not_found=())
    assert isinstance(verdict, Verdict)
    assert isinstance(verdict.outcome, Failed)
    assert verdict.outcome.kind == kind


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_no_reason_repeats_what_was_sent(status: int) -> None:
    body = f'{{"message":"Bad credentials: {TOKEN}"}}'.encode()
    assert TOKEN not in repr(outcome(reply(status, body, {"x-request-id": TOKEN})))
