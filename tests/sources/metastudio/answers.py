"""An answer of the detail call with everything in it that must not be kept."""

import json
from typing import Any

JOB = "efc5300ecdba4ea48d1ff13a9d907bc0"
PHONE = "13800138000"
SECRET_MARKS = ("Signature=", "AWSAccessKeyId", "obs.example", PHONE, "idCard")


def link(what: str, signature: str = "first") -> str:
    return f"https://obs.example.com/{JOB}_{what}?AWSAccessKeyId=HPUA7&Expires=1702130000&Signature={signature}%3D"


def answer(signature: str = "first", **fields: Any) -> dict[str, Any]:
    """A job in the middle of its life; `fields` replace, and Ellipsis leaves out."""
    whole = {
        "job_id": JOB,
        "name": "Test Name",
        "state": "MANUAL_VERIFYING",
        "asset_id": None,
        "project_id": "0c5a1f",
        "cover_download_url": link("cover", signature),
        "create_time": "2023-12-09T07:31:37Z",
        "last_update_time": "2023-12-09T07:31:37Z",
        "contact": PHONE,
        "tags": ["news", "客服"],
        "model_version": "V3",
        "is_flexus": False,
        "flexus_retry_count": 3,
        "id_card_image1_download_url": link("idCardImage1", signature),
        "grant_file_download_url": link("grantFile", signature),
        "operation_logs": [
            {"operate_time": "2023-12-09T07:31:37Z", "log_type": "USER_CREATE_JOD", "operate_user": "USER"},
            {
                "operate_time": "2023-12-09T07:31:43Z",
                "log_type": "SYSTEM_VERIFY_FAILED",
                "operate_user": "SYSTEM",
                "log_description": "too dark",
                "error_code": "MSS.1",
                "redo_reasons": ["LIP_SYNC"],
            },
        ],
        "comment_logs": [
            {
                "operate_time": "2023-12-09T08:00:00Z",
                "comment_type": "ADMIN_COMMENT",
                "comment_title": "Light",
                "comment_message": "more of it, please",
                "attachment_download_url": [link("attachment", signature)],
            }
        ],
        "samples": [{"action_tag": "a", "sample_download_url": link("sample", signature)}],
        "verify_video_download_url": "null",
        "is_background_replacement": True,
        "worker_type": ["x86"],
    } | fields
    return {key: value for key, value in whole.items() if value is not ...}


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
