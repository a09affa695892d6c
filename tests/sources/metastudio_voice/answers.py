"""Answers about a voice training job with everything in them that must not be kept."""

from typing import Any

from aiohttp import web

from tests.sources.metastudio.answers import PHONE, encoded
from tests.sources.upstream import Upstream

JOB = "7c1e5a0b9d2f4c6a8e3b1d5f7a9c0e24"
SECRET_MARKS = ("Signature=", "AWSAccessKeyId", "obs.example", PHONE, "FEMALE", "authorization")
CREATED = 1_702_107_097_000  # 2023-12-09T07:31:37Z, in milliseconds


def link(what: str, signature: str) -> str:
    return f"https://obs.example.com/{JOB}_{what}?AWSAccessKeyId=HPUA7&Expires=1702130000&Signature={signature}%3D"


def answer(signature: str = "first", **fields: Any) -> dict[str, Any]:
    """A job in the middle of its life; `fields` replace, and Ellipsis leaves out."""
    whole = {
        "job_type": "ADVANCE",
        "job_id": JOB,
        "app_user_id": None,
        "voice_name": "Test Voice",
        "sex": "FEMALE",
        "language": "CN",
        "state": "AUDITING",
        "reject_times": 1,
        "asset_id": None,
        "create_time": CREATED,
        "lastupdate_time": CREATED + 60_500,
        "voice_authorization_url": link("authorization", signature),
        "training_input_source_url": link("input", signature),
        "create_type": "PACKAGE",
        "tag": "NEWS",
        "phone": PHONE,
        "dhtms_job_id": "efc5300ecdba4ea48d1ff13a9d907bc0",
        "batch_name": "spring",
        "allocated_resource": {"resource_id": "r1", "charge_mode": "PERIODIC"},
        "is_remake": False,
        "assess_result": {"snr": {"value": 20}},
    } | fields
    return {key: value for key, value in whole.items() if value is not ...}


LINES: list[dict[str, Any]] = [
    {"time": CREATED, "action": "CREATE_JOB", "operator": "USER"},
    {
        "time": CREATED // 1000 + 60,
        "action": "AUDIT_NOT_PASS",
        "operator": "ADMIN",
        "external_info": {"review_id_list": ["r-1"], "admin_audit_failure_reason": "too quiet"},
    },
]


def log(*lines: object, count: object = None) -> dict[str, Any]:
    return {"count": len(lines) if count is None else count, "operations": list(lines)}


def says(upstream: Upstream, job: object, *pages: object) -> None:
    """Each page of the log in turn, by its offset; the last one again beyond."""
    whole = pages or (log(*LINES),)

    async def by_path(request: web.BaseRequest) -> web.StreamResponse:
        if not request.path.endswith("/op-logs"):
            return web.Response(body=encoded(job))
        number = int(request.query["offset"]) // int(request.query["limit"])
        page = whole[min(number, len(whole) - 1)]
        return page if isinstance(page, web.StreamResponse) else web.Response(body=encoded(page))

    upstream.answer = by_path
