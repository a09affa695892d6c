"""Answers in the shapes that GitHub's and GitLab's public documentation shows, with other values."""

import json
from typing import Any

RUN = "30433642"
PIPELINE = "46"


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def run(**changed: Any) -> dict[str, Any]:
    """GET /repos/{owner}/{repo}/actions/runs/{run_id}, about half of its fields."""
    api = "https://api.github.com/repos/octo-org/octo-repo"
    return {
        "id": int(RUN),
        "name": "Build",
        "node_id": "MDEyOldvcmtmbG93IFJ1bjI2OTI4OQ==",
        "check_suite_id": 42,
        "head_branch": "main",
        "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
        "path": ".github/workflows/build.yml@main",
        "run_number": 562,
        "run_attempt": 1,
        "event": "push",
        "display_title": "Update README.md",
        "status": "queued",
        "conclusion": None,
        "workflow_id": 159038,
        "url": f"{api}/actions/runs/{RUN}",
        "html_url": f"https://github.com/octo-org/octo-repo/actions/runs/{RUN}",
        "pull_requests": [],
        "created_at": "2020-01-22T19:33:08Z",
        "updated_at": "2020-01-22T19:33:08Z",
        "run_started_at": "2020-01-22T19:33:08Z",
        "actor": {"login": "octocat", "id": 1, "avatar_url": "https://github.com/images/error/octocat_happy.gif"},
        "triggering_actor": {"login": "octocat", "id": 1, "site_admin": False},
        "jobs_url": f"{api}/actions/runs/{RUN}/jobs",
        "head_commit": {"id": "acb5820c", "message": "Create linter.yml", "author": {"name": "Octo Cat"}},
        "repository": {"id": 1296269, "name": "octo-repo", "full_name": "octo-org/octo-repo", "private": False},
    } | changed


def runs(*ids: str, total: int) -> dict[str, Any]:
    """GET /repos/{owner}/{repo}/actions/runs."""
    return {"total_count": total, "workflow_runs": [run(id=int(run_id)) for run_id in ids]}


def workflow_job(*conclusions: str | None) -> dict[str, Any]:
    """GET /repos/{owner}/{repo}/actions/jobs/{job_id}: a step for each conclusion, None for one that is not over."""
    steps = [
        {
            "name": f"Step {number}",
            "status": "in_progress" if conclusion is None else "completed",
            "conclusion": conclusion,
            "number": number,
            "started_at": f"2020-01-20T09:42:{number:02}.000-08:00",
            "completed_at": None if conclusion is None else f"2020-01-20T09:43:{number:02}.000-08:00",
        }
        for number, conclusion in enumerate(conclusions, 1)
    ]
    over = conclusions[-1:] != (None,)
    return {
        "id": 399444496,
        "run_id": 29679449,
        "run_url": "https://api.github.com/repos/octo-org/octo-repo/actions/runs/29679449",
        "status": "completed" if over else "in_progress",
        "conclusion": "success" if over else None,
        "started_at": "2020-01-20T17:42:40Z",
        "completed_at": "2020-01-20T17:44:39Z" if over else None,
        "name": "build",
        "steps": steps,
        "labels": ["self-hosted", "foo"],
        "runner_name": "my runner",
        "workflow_name": "CI",
    }


def pipeline(**changed: Any) -> dict[str, Any]:
    """GET /api/v4/projects/:id/pipelines/:pipeline_id."""
    return {
        "id": int(PIPELINE),
        "iid": 11,
        "project_id": 1,
        "name": "Build pipeline",
        "sha": "a91957a858320c0e17f3a0eca7cfacbff50ea29a",
        "ref": "main",
        "status": "running",
        "source": "push",
        "created_at": "2016-08-11T11:28:34.085Z",
        "updated_at": "2016-08-11T11:32:35.169Z",
        "web_url": f"https://gitlab.example.com/project/-/pipelines/{PIPELINE}",
        "before_sha": "a91957a858320c0e17f3a0eca7cfacbff50ea29a",
        "tag": False,
        "yaml_errors": None,
        "user": {"id": 1, "username": "root", "name": "Administrator", "web_url": "http://localhost:3000/ops"},
        "started_at": "2016-08-11T11:28:36.085Z",
        "finished_at": None,
        "committed_at": None,
        "duration": None,
        "queued_duration": 0.010,
        "coverage": "30.0",
        "detailed_status": {"icon": "status_running", "text": "running", "group": "running", "has_details": True},
    } | changed


def pipelines(*ids: str) -> list[dict[str, Any]]:
    """GET /api/v4/projects/:id/pipelines: fewer fields each."""
    kept = ("id", "iid", "project_id", "status", "source", "ref", "sha", "name", "web_url", "created_at", "updated_at")
    return [{name: pipeline(id=int(one))[name] for name in kept} for one in ids]
