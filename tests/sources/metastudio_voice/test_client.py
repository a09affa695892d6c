"""Voice training jobs: a job and its log, page by page, and the list."""

import json
from typing import Any

import pytest
from aiohttp import web

from poller.config.auth import TokenAuth
from poller.config.metastudio import AvatarConfig, VoiceConfig
from poller.core.merge import merge_snapshots
from poller.core.reading import Absent, Denied, Failed, ListQuery, Page, Reading, Refused, Same, Seen, Target
from poller.core.secret import Secret
from poller.core.snapshot import Entry
from poller.net.session import Http
from poller.sources.kinds import Gates, build
from poller.sources.metastudio_voice.client import LOG_PAGE, MOST_LOG_PAGES
from poller.sources.metastudio_voice.fields import FIELDS
from poller.sources.ports import Source
from tests.sources.conftest import HandClock
from tests.sources.metastudio.answers import encoded
from tests.sources.metastudio_voice.answers import CREATED, JOB, LINES, SECRET_MARKS, answer, log, says
from tests.sources.upstream import Upstream

AUTH = TokenAuth(method="token", token=Secret("static-token-0123456789"))


def config(url: str, **more: Any) -> VoiceConfig:
    return VoiceConfig(kind="metastudio-voice", endpoint=url, project_id="0c5a1f", auth=AUTH, timeout=2.0, **more)


@pytest.fixture
def source(server: Upstream, http: Http, clock: HandClock) -> Source:
    return build("voices", config(server.url), http, clock)


async def fetch(source: Source, digest: bytes | None = None) -> Reading:
    return await source.fetch(Target(job_id=JOB, digest=digest))


async def seen(source: Source) -> Seen:
    reading = await fetch(source)
    assert isinstance(reading, Seen), reading
    return reading


async def test_a_job_is_two_requests_the_second_for_its_log(source: Source, server: Upstream) -> None:
    says(server, answer())
    reading = await seen(source)
    base = f"/v1/0c5a1f/voice-training-manage/user/jobs/{JOB}"
    assert [got.path for got in server.got] == [base, f"{base}/op-logs?offset=0&limit=100"]
    assert reading.calls == 2
    assert await fetch(source, reading.digest) == Same(calls=2)


async def test_what_is_kept_is_under_the_words_that_routes_know_with_times_in_rfc_3339(
    source: Source, server: Upstream
) -> None:
    says(server, answer())
    snapshot = (await seen(source)).snapshot
    assert snapshot.state == "AUDITING"
    assert snapshot.fields == {
        "job_id": JOB,
        "job_type": "ADVANCE",
        "name": "Test Voice",
        "language": "CN",
        "reject_times": 1,
        "create_type": "PACKAGE",
        "tags": ["NEWS"],
        "batch_name": "spring",
        "dhtms_job_id": "efc5300ecdba4ea48d1ff13a9d907bc0",
        "is_remake": False,
        "create_time": "2023-12-09T07:31:37Z",
        "lastupdate_time": "2023-12-09T07:32:37.500Z",
    }


async def test_lines_of_the_log_become_entries(source: Source, server: Upstream) -> None:
    says(server, answer())
    created, rejected = (await seen(source)).snapshot.entries
    assert created == Entry(family="operation", time="2023-12-09T07:31:37Z", type="CREATE_JOB", operator="USER")
    assert rejected.identity == ("operation", "2023-12-09T07:32:37Z", "AUDIT_NOT_PASS", "ADMIN")
    assert rejected.rest == {"log_description": "too quiet"}


async def test_nothing_about_the_person_and_no_link_is_kept(source: Source, server: Upstream) -> None:
    says(server, answer())
    shown = json.dumps((await seen(source)).snapshot.as_json())
    assert [mark for mark in SECRET_MARKS if mark in shown] == []
    assert not {"phone", "sex", "voice_authorization_url", "training_input_source_url"} & set(FIELDS)


async def test_the_allow_list_names_fields_that_the_vendors_client_knows() -> None:
    from huaweicloudsdkmetastudio.v1 import ShowVoiceTrainingJobResponse

    assert set(FIELDS) <= set(ShowVoiceTrainingJobResponse.openapi_types)


@pytest.mark.parametrize(
    ("job", "lines", "differs"),
    [
        (answer("second"), LINES, False),
        (answer(phone="1"), LINES, False),
        (answer(state="PROCESSING"), LINES, True),
        (answer(), LINES[:1], True),
        (answer(), [*LINES, {"time": CREATED + 1, "action": "COMMIT_JOB", "operator": "USER"}], True),
        (answer(reject_times="one"), LINES, True),
    ],
)
async def test_the_digest_follows_job_and_log(
    job: object, lines: list[dict[str, Any]], differs: bool, source: Source, server: Upstream
) -> None:
    says(server, answer())
    first = await seen(source)
    says(server, job, log(*lines))
    assert isinstance(await fetch(source, first.digest), Seen if differs else Same)


def many(count: int) -> list[dict[str, Any]]:
    return [{"time": CREATED + number, "action": "UPLOADING_MODEL", "operator": "SYSTEM"} for number in range(count)]


@pytest.mark.parametrize(("count", "calls"), [(0, 2), (99, 2), (100, 2), (101, 3), (250, 4)])
async def test_a_long_log_is_read_page_by_page(count: int, calls: int, source: Source, server: Upstream) -> None:
    lines = many(count)
    pages = [log(*lines[at : at + LOG_PAGE], count=count) for at in range(0, max(count, 1), LOG_PAGE)]
    says(server, answer(), *pages)
    reading = await seen(source)
    assert reading.calls == len(server.got) == calls
    assert len({entry.identity for entry in reading.snapshot.entries}) == count


async def test_a_log_that_never_ends_is_read_to_a_bound(source: Source, server: Upstream) -> None:
    says(server, answer(), log(*many(LOG_PAGE), count=10**9))
    assert (await seen(source)).calls == 1 + MOST_LOG_PAGES


async def test_a_log_that_grew_between_two_pages_is_read_again_later(source: Source, server: Upstream) -> None:
    says(server, answer(), log(*many(LOG_PAGE), count=150), log(*many(51), count=151))
    reading = await fetch(source)
    assert isinstance(reading, Failed)
    assert "changed while" in reading.reason


@pytest.mark.parametrize("status", [403, 404])
async def test_a_log_that_is_refused_keeps_no_state_from_being_told(
    status: int, source: Source, server: Upstream
) -> None:
    says(server, answer())
    known = (await seen(source)).snapshot
    says(server, answer(state="PROCESSING"), web.Response(status=status))
    reading = await seen(source)
    assert (reading.snapshot.state, reading.snapshot.entries) == ("PROCESSING", ())
    assert reading.snapshot.doubtful == {"operation_logs"}
    merged = merge_snapshots(known, reading.snapshot)
    assert (merged.snapshot.entries, merged.fresh) == (known.entries, [])


@pytest.mark.parametrize(
    ("page", "kind"),
    [(web.Response(status=429), "throttled"), (web.Response(status=500), "outage"), ("no page", "nonsense")],
)
async def test_a_log_that_fails_is_another_try_of_the_whole(
    page: object, kind: str, source: Source, server: Upstream
) -> None:
    says(server, answer(), page)
    reading = await fetch(source)
    assert isinstance(reading, Failed)
    assert reading.kind == kind


@pytest.mark.parametrize("wrong", [None, 5, {"time": [], "action": {}}, {"time": "x" * 5, "action": 7}, "line"])
async def test_a_spoilt_line_costs_itself_only(wrong: object, source: Source, server: Upstream) -> None:
    says(server, answer(), log(*LINES, wrong))
    snapshot = (await seen(source)).snapshot
    assert snapshot.doubtful == {"operation_logs"}
    assert [entry.type for entry in snapshot.entries][:2] == ["CREATE_JOB", "AUDIT_NOT_PASS"]


@pytest.mark.parametrize(
    ("fields", "doubtful"),
    [
        ({"voice_name": 7}, {"name"}),
        ({"tag": ["NEWS"]}, {"tags"}),
        ({"create_time": True}, {"create_time"}),
        ({"create_time": 1.5}, {"create_time"}),
        ({"state": 5}, {"state"}),
    ],
)
async def test_a_wrong_type_costs_that_field_only(
    fields: dict[str, Any], doubtful: set[str], source: Source, server: Upstream
) -> None:
    says(server, answer(**fields))
    snapshot = (await seen(source)).snapshot
    assert snapshot.doubtful == doubtful
    assert not doubtful & set(snapshot.fields)
    assert snapshot.fields["batch_name"] == "spring"


async def test_a_page_of_the_list_has_the_fields_of_the_jobs(source: Source, server: Upstream) -> None:
    says(server, {"count": 2, "jobs": [answer(), answer(job_id="0" * 32, create_time=CREATED // 1000 + 5)]})
    page = await source.list(ListQuery(offset=0, limit=100, states=("AUDITING", "WAITING"), create_since=1.0))
    assert isinstance(page, Page)
    assert server.got[0].path == (
        "/v1/0c5a1f/voice-training-manage/user/jobs?offset=0&limit=100&sort_key=create_time&sort_dir=asc"
        "&state=AUDITING%2CWAITING&create_since=1970-01-01T00%3A00%3A01Z"
    )
    assert [(job.job_id, job.created_at) for job in page.jobs] == [
        (JOB, CREATED / 1000),
        ("0" * 32, CREATED / 1000 + 5),
    ]
    says(server, answer())
    assert page.jobs[0].snapshot.fields == (await seen(source)).snapshot.fields


async def test_kinds_that_share_a_credential_share_its_lock_out(server: Upstream, http: Http, clock: HandClock) -> None:
    gates: Gates = {}
    avatars = AvatarConfig(kind="metastudio-avatar", endpoint=server.url, project_id="0c5a1f", auth=AUTH)
    server.says(encoded({"error_code": "APIG.0301", "error_msg": "no"}), 401)
    assert isinstance(await build("prod", avatars, http, clock, gates).fetch(Target(job_id=JOB)), Denied)
    asked = len(server.got)
    assert isinstance(await fetch(build("voices", config(server.url), http, clock, gates)), Denied)
    assert len(server.got) == asked


async def test_a_job_that_is_not_there_is_absent_and_one_without_a_name_is_refused(
    source: Source, server: Upstream
) -> None:
    server.says(b"{}", 404)
    assert isinstance(await fetch(source), Absent)
    assert isinstance(await source.fetch(Target(job_id="..")), Refused)
    assert len(server.got) == 1
