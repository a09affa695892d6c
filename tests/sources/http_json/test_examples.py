"""The examples of docs/sources.md, as they stand there but for the host, against answers in the shapes of the two APIs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from poller.config import HttpJsonConfig, parse
from poller.core.reading import Absent, Failed, ListQuery, Page, Same, Seen, Target
from poller.net.session import Http
from poller.sources.kinds import build
from poller.sources.ports import Source
from tests.sources.conftest import HandClock
from tests.sources.http_json.answers import PIPELINE, RUN, encoded, pipeline, pipelines, run, runs, workflow_job
from tests.sources.upstream import Upstream

PAGE = (Path(__file__).parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")
ENVIRON = {"GITHUB_TOKEN": "ghp_example", "GITLAB_TOKEN": "glpat-example"}
EXAMPLES = [text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if 'kind = "http-json"' in text]


@dataclass
class Api:
    """Answers by path and query; 404 for all else."""

    answers: dict[str, tuple[object, Mapping[str, str]]] = field(default_factory=dict)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        document, headers = self.answers.get(request.path_qs, ({"message": "404 Not found"}, {}))
        status = 200 if request.path_qs in self.answers else 404
        return web.Response(status=status, body=encoded(document), headers=headers)


@pytest.fixture
def api(server: Upstream) -> Api:
    server.answer = api = Api()
    return api


def table(name: str, url: str) -> HttpJsonConfig:
    (text,) = [text for text in EXAMPLES if f"[sources.{name}]" in text]
    found = parse(re.sub(r"https://(api\.github\.com|gitlab\.example\.com)", url, text), environ=ENVIRON).sources[name]
    assert isinstance(found, HttpJsonConfig)
    return found


@pytest.fixture
def sources(server: Upstream, http: Http, clock: HandClock) -> dict[str, Source]:
    return {name: build(name, table(name, server.url), http, clock) for name in ("actions", "steps", "pipelines")}


def test_all_examples_load_as_they_stand() -> None:
    loaded = [parse(text, environ=ENVIRON) for text in EXAMPLES]
    assert [name for config in loaded for name in config.sources] == ["actions", "steps", "pipelines"]


async def seen(source: Source, job_id: str) -> Seen:
    reading = await source.fetch(Target(job_id=job_id))
    assert isinstance(reading, Seen), reading
    assert reading.snapshot.doubtful == frozenset()
    assert await source.fetch(Target(job_id=job_id, digest=reading.digest)) == Same()
    return reading


ACTIONS = "/repos/octo-org/octo-repo/actions"


@pytest.mark.parametrize(
    ("status", "conclusion", "state", "its_class"),
    [
        ("queued", None, "queued", "active"),
        ("in_progress", None, "in_progress", "active"),
        ("waiting", None, "waiting", "waiting_on_us"),
        ("completed", "success", "completed/success", "done"),
        ("completed", "failure", "completed/failure", "failed"),
        ("completed", "cancelled", "completed/cancelled", "failed"),
        ("completed", "timed_out", "completed/timed_out", "failed"),
        ("completed", "action_required", "completed/action_required", "waiting_on_us"),
    ],
)
async def test_a_workflow_run_of_github(
    sources: dict[str, Source], api: Api, status: str, conclusion: str | None, state: str, its_class: str
) -> None:
    api.answers = {f"{ACTIONS}/runs/{RUN}": (run(status=status, conclusion=conclusion), {})}
    snapshot = (await seen(sources["actions"], RUN)).snapshot
    assert snapshot.state == state
    assert sources["actions"].classify(state) == its_class
    assert snapshot.fields == {
        "name": "Update README.md",
        "workflow": "Build",
        "branch": "main",
        "commit": "acb5820ced9479c074f688cc328bf03f341a511d",
        "event": "push",
        "attempt": 1,
        "actor": "octocat",
        "create_time": "2020-01-22T19:33:08Z",
        "last_update_time": "2020-01-22T19:33:08Z",
    }


async def test_the_runs_of_github_page_by_page(sources: dict[str, Source], api: Api, server: Upstream) -> None:
    asked = f"{ACTIONS}/runs?per_page=2&page={{}}&created=%3E%3D2023-12-09T12%3A00%3A00.000Z"
    link = '<https://api.github.com/repositories/1/actions/runs?page=2>; rel="next", <https://api.github.com/x>; rel="last"'
    last = '<https://api.github.com/repositories/1/actions/runs?page=1>; rel="prev"'
    api.answers = {
        asked.format(1): (runs("3", "2", total=4), {"Link": link}),
        asked.format(2): (runs("1", "0", total=4), {"Link": last}),
    }
    pages = [
        await sources["actions"].list(ListQuery(offset=offset, limit=2, create_since=1_702_123_200.0))
        for offset in (0, 2)
    ]
    found = [page for page in pages if isinstance(page, Page)]
    assert [(page.total, page.full) for page in found] == [(4, True), (4, False)]
    assert [job.job_id for page in found for job in page.jobs] == ["3", "2", "1", "0"]
    job = found[0].jobs[0]
    assert (job.snapshot.state, job.snapshot.fields["branch"], job.created_at) == ("queued", "main", 1_579_721_588.0)
    sent = server.got[0].headers
    assert sent["authorization"] == "Bearer ghp_example"
    assert sent["accept"] == "application/vnd.github+json"
    assert sent["x-github-api-version"] == "2022-11-28"
    assert sent["user-agent"].startswith("poller/")


async def test_the_steps_of_a_job_of_github_are_its_log(sources: dict[str, Source], api: Api) -> None:
    steps, path = sources["steps"], f"{ACTIONS}/jobs/399444496"
    api.answers = {path: (workflow_job("success", None), {})}
    snapshot = (await seen(steps, "399444496")).snapshot
    assert (snapshot.state, steps.classify(snapshot.state)) == ("in_progress", "active")
    assert [(entry.time, entry.type) for entry in snapshot.entries] == [
        ("2020-01-20T09:43:01.000-08:00", "Step 1/success")
    ]
    api.answers = {path: (workflow_job("success", "failure"), {})}
    snapshot = (await seen(steps, "399444496")).snapshot
    assert [entry.type for entry in snapshot.entries] == ["Step 1/success", "Step 2/failure"]
    assert snapshot.entries[1].rest == {"log_description": "step 2"}
    assert snapshot.fields == {
        "name": "CI / build",
        "run": 29679449,
        "runner": "my runner",
        "tags": ["self-hosted", "foo"],
    }


async def test_a_pipeline_of_gitlab(sources: dict[str, Source], api: Api, server: Upstream) -> None:
    source, path = sources["pipelines"], f"/api/v4/projects/1/pipelines/{PIPELINE}"
    api.answers = {path: (pipeline(), {})}
    snapshot = (await seen(source, PIPELINE)).snapshot
    assert snapshot.state == "running"
    assert snapshot.fields == {
        "name": "Build pipeline",
        "branch": "main",
        "commit": "a91957a858320c0e17f3a0eca7cfacbff50ea29a",
        "trigger": "push",
        "user": "root",
        "create_time": "2016-08-11T11:28:34.085Z",
        "last_update_time": "2016-08-11T11:32:35.169Z",
    }
    assert server.got[0].headers["private-token"] == "glpat-example"
    api.answers = {path: (pipeline(name=None, status="success", duration=123.65), {})}
    snapshot = (await seen(source, PIPELINE)).snapshot
    assert (snapshot.fields["name"], snapshot.fields["duration"]) == ("pipeline 46", 123.65)


@pytest.mark.parametrize(
    ("state", "its_class"),
    [
        *(
            (state, "active")
            for state in ("created", "waiting_for_resource", "preparing", "pending", "running", "scheduled")
        ),
        ("success", "done"),
        ("skipped", "done"),
        ("failed", "failed"),
        ("canceled", "failed"),
        ("canceling", "failed"),
        ("manual", "waiting_on_us"),
    ],
)
async def test_the_states_of_gitlab_have_their_classes(sources: dict[str, Source], state: str, its_class: str) -> None:
    assert sources["pipelines"].classify(state) == its_class


async def test_the_pipelines_of_gitlab_page_by_page(sources: dict[str, Source], api: Api) -> None:
    asked = "/api/v4/projects/1/pipelines?order_by=id&sort=asc&per_page=2&page={}"
    link = '<https://gitlab.example.com/api/v4/projects/1/pipelines?page=2>; rel="next"'
    first = '<https://gitlab.example.com/api/v4/projects/1/pipelines?page=1>; rel="first"'
    api.answers = {
        asked.format(1): (pipelines("46", "47"), {"Link": link, "X-Total": "3"}),
        asked.format(2): (pipelines("48"), {"Link": first, "X-Total": "3"}),
    }
    found = [await sources["pipelines"].list(ListQuery(offset=offset, limit=2)) for offset in (0, 2)]
    pages = [page for page in found if isinstance(page, Page)]
    assert [(page.total, page.full, [job.job_id for job in page.jobs]) for page in pages] == [
        (3, True, ["46", "47"]),
        (3, False, ["48"]),
    ]
    assert pages[0].jobs[0].snapshot.state == "running"


async def test_how_the_two_say_that_there_is_no_such_job_and_that_it_is_enough(
    sources: dict[str, Source], api: Api, server: Upstream, clock: HandClock
) -> None:
    assert isinstance(await sources["actions"].fetch(Target(job_id="1")), Absent)
    assert isinstance(await sources["pipelines"].fetch(Target(job_id="1")), Absent)
    limits: list[tuple[int, dict[str, Any]]] = [
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.at) + 100)}),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(clock.at) + 100)}),
        (403, {"Retry-After": "100"}),
    ]
    for status, headers in limits:
        server.says(b'{"message":"slow down"}', status, {**headers, "Date": "Sat, 09 Dec 2023 12:00:00 GMT"})
        told = await sources["actions"].fetch(Target(job_id="1"))
        assert isinstance(told, Failed)
        assert (told.kind, told.after) == ("throttled", 100.0)
