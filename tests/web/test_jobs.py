import pytest

from tests.core.samples import NOON
from tests.store import making
from tests.web.asking import Api

JOBS = "/api/v1/jobs"


async def test_jobs_that_are_posted_are_watched_and_their_source_is_rung(api: Api) -> None:
    body = {"source": "prod", "job_ids": ["a", "b", "a"], "labels": {"team": "x"}, "app_user_id": "u-1"}

    assert await api.post(JOBS, body) == {"added": 2, "watched_before": 0}
    assert await api.post(JOBS, {"source": "prod", "job_ids": ["b", "c"]}) == {"added": 1, "watched_before": 1}

    rows = (await api.get(JOBS))["items"]
    assert [row["job_id"] for row in rows] == ["a", "b", "c"]
    assert (rows[0]["labels"], rows[0]["app_user_id"], rows[0]["origins"]) == ({"team": "x"}, "u-1", ["request"])
    assert api.controls.rung == ["prod", "prod"]
    assert [due.job_id for due in await making.claim(api.store)] == ["a", "b", "c"]


async def test_one_job_is_registered_with_its_id_alone_and_again_without_harm(api: Api) -> None:
    body = {"source": "prod", "job_id": "a", "labels": {"team": "x"}}

    assert await api.ask("POST", JOBS, json=body) == (201, {"added": 1, "watched_before": 0})
    assert await api.ask("POST", JOBS, json=body) == (200, {"added": 0, "watched_before": 1})

    assert [(row["job_id"], row["labels"]) for row in (await api.get(JOBS))["items"]] == [("a", {"team": "x"})]


async def test_a_list_comes_in_pages_that_join_without_gap_or_overlap(api: Api) -> None:
    ids = [f"job{number}" for number in range(7)]
    await making.watch(api.store, *ids)

    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = await api.get(JOBS, limit=3, after=after)
        found += [row["job_id"] for row in page["items"]]
        after = page["next"]

    assert found == ids


async def test_a_list_is_filtered_by_what_its_query_names(api: Api) -> None:
    await making.tell(api.store, "trained", 1)
    await making.watch(api.store, "new")

    async def ids(**query: str) -> list[str]:
        return [row["job_id"] for row in (await api.get(JOBS, **query))["items"]]

    assert await ids(state="TRAINING") == ["trained"]
    assert await ids(**{"class": "active"}) == ["trained"]
    assert await ids(text="NE") == ["new"]
    assert await ids(source="elsewhere") == []


@pytest.mark.parametrize("word", ["null", "None", "true", "7"])
async def test_a_word_that_means_something_to_json_is_a_name_like_any_other(api: Api, word: str) -> None:
    await making.watch(api.store, word, "other")

    assert [row["job_id"] for row in (await api.get(JOBS, job_id=word))["items"]] == [word]


async def test_one_job_is_shown_with_its_snapshot_and_times_in_rfc_3339(api: Api) -> None:
    await making.tell(api.store, "a", 1)

    job = await api.get(f"{JOBS}/prod/a")

    assert (job["state"], job["class"], job["snapshot"]["state"]) == ("TRAINING", "active", "TRAINING")
    assert (job["seen_at"], job["removed_at"]) == ("2023-12-09T07:31:50.120Z", None)
    assert "key" not in job


async def test_a_job_is_paused_resumed_polled_and_removed(api: Api) -> None:
    await making.watch(api.store, "a", now=NOON + 500)

    assert (await api.post(f"{JOBS}/prod/a/pause"))["paused"] is True
    assert (await api.post(f"{JOBS}/prod/a/resume"))["paused"] is False
    assert (await api.post(f"{JOBS}/prod/a/poll"))["due_at"] == "2023-12-09T07:31:50.120Z"
    status, job = await api.ask("DELETE", f"{JOBS}/prod/a")
    assert (status, job["removed_at"]) == (200, "2023-12-09T07:31:50.120Z")
    assert (await api.get(JOBS))["items"] == []
    assert len((await api.get(JOBS, removed="true"))["items"]) == 1
    assert api.controls.rung == ["prod"] * 4


async def test_polling_a_paused_job_is_refused_with_the_remedy(api: Api) -> None:
    await making.watch(api.store, "a")
    await api.post(f"{JOBS}/prod/a/pause")

    status, message, _ = await api.refusal("POST", f"{JOBS}/prod/a/poll")

    assert status == 400
    assert "poller jobs resume" in message


@pytest.mark.parametrize(("method", "action"), [("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/poll")])
async def test_a_job_that_nobody_knows_is_not_found(api: Api, method: str, action: str) -> None:
    status, message, _ = await api.refusal(method, f"{JOBS}/prod/nobody{action}")

    assert status == 404
    assert "nobody" in message


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"source": "prod", "job_ids": "a"}, "job_ids"),
        ({"source": "prod", "job_ids": ["a", 7]}, "job_ids[1]"),
        ({"source": "prod", "job_ids": []}, "job_ids"),
        ({"source": "prod", "job_ids": ["ok", "../up"]}, "job_ids[1]"),
        ({"source": "prod", "job_ids": ["a"] * 1001}, "job_ids"),
        ({"source": "prod"}, "job_ids"),
        ({"source": "prod", "job_id": "a", "job_ids": ["b"]}, "job_ids"),
        ({"source": "prod", "job_id": "../up"}, "job_id"),
        ({"source": "nope", "job_ids": ["a"]}, "source"),
        ({"source": "prod", "job_ids": ["a"], "labels": {"k": 1}}, "labels[...]"),
        ({"source": "prod", "job_ids": ["a"], "labels": {"k": "a\nb"}}, "labels[...]"),
        ({"source": "prod", "job_ids": ["a"], "app_user_id": "x\r\ny"}, "app_user_id"),
        ({"source": "prod", "job_ids": ["a"], "app_user_id": "用户"}, "app_user_id"),
        ({"source": "prod", "job_ids": ["a"], "label": {}}, "label"),
        ([], None),
        (None, None),
    ],
)
async def test_a_wrong_body_is_refused_with_the_field_and_changes_nothing(
    api: Api, body: object, place: str | None
) -> None:
    assert (await api.refusal("POST", JOBS, json=body))[::2] == (400, place)
    assert (await api.get(JOBS))["items"] == []
    assert api.controls.rung == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("after=-1", "after"),
        ("after=99999999999999999999", "after"),
        ("class=busy", "class"),
        ("class=null", "class"),
        ("removed=maybe", "removed"),
        ("stat=TRAINING", "stat"),
        ("state=A&state=B", "state"),
    ],
)
async def test_a_wrong_query_is_refused_with_the_parameter(api: Api, query: str, place: str) -> None:
    assert (await api.refusal("GET", f"{JOBS}?{query}"))[::2] == (400, place)
