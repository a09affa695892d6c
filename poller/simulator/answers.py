"""What the two calls answer about a job: the fields of api-reference.txt and FACTS.md, with links that are signed anew each time.

A document holds `UNSIGNED` where a signature belongs. `template` encodes it once, `signed` makes an answer of it: the
costly part is done once a change, not once a request.
"""

import time
from typing import Any, Final, TypeAlias

import msgspec

from poller.simulator.lifecycle import Comment, Entry, View
from poller.simulator.portrait import Portrait

Document: TypeAlias = dict[str, Any]
Template: TypeAlias = tuple[bytes, ...]

UNSIGNED: Final = "~unsigned~"
NO_LINK: Final = "null"
BUCKET: Final = "https://metastudio-training.obs.cn-north-4.myhuaweicloud.com"
KEY_ID: Final = "HPUA7SIMULATED0KEY00"

LISTED: Final = (
    "job_id", "name", "state", "asset_id", "project_id", "cover_download_url", "last_update_time", "create_time", "contact",
    "batch_name", "tags", "model_version", "matting_type", "model_resolution", "app_user_id", "is_flexus", "is_live_copy",
    "is_fast_flexus", "is_only_human_model", "optional_training_location", "is_background_replacement", "is_ondemand_resource",
)  # fmt: skip
"""The fields of a list item, in order (FACTS.md)."""

_encode = msgspec.json.Encoder().encode


def timestamp(at: float) -> str:
    """RFC 3339 in whole seconds, as the vendor writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def link(job_id: str, what: str) -> str:
    """A pre-signed link, its signature still to come."""
    return f"{BUCKET}/{job_id}_{what}?AWSAccessKeyId={KEY_ID}&{UNSIGNED}"


def listed(portrait: Portrait, state: str, fields: dict[str, Any], created_at: int, project_id: str) -> Document:
    """The 22 fields that a list item has and a detail answer begins with."""
    return {
        "job_id": portrait.job_id,
        "name": portrait.name,
        "state": state,
        "asset_id": portrait.asset_id if fields.get("has_asset") else None,
        "project_id": project_id,
        "cover_download_url": link(portrait.job_id, "cover"),
        "last_update_time": timestamp(created_at + int(fields.get("submitted_at", 0))),
        "create_time": timestamp(created_at),
        "contact": portrait.contact,
        "batch_name": portrait.batch_name,
        "tags": portrait.tags,
        "model_version": "V3.2",
        "matting_type": "AI",
        "model_resolution": portrait.model_resolution,
        "app_user_id": portrait.app_user_id,
        "is_flexus": bool(fields.get("is_flexus")),
        "is_live_copy": False,
        "is_fast_flexus": False,
        "is_only_human_model": False,
        "optional_training_location": [],
        "is_background_replacement": portrait.is_background_replacement,
        "is_ondemand_resource": False,
    }


def detail(portrait: Portrait, view: View, created_at: int, project_id: str) -> Document:
    """The whole answer of the detail call."""
    job_id = portrait.job_id
    return {
        **listed(portrait, view.state, view.fields, created_at, project_id),
        **_material(job_id, view),
        "operation_logs": [entry_line(entry, created_at) for entry in view.entries],
        "comment_logs": [_comment_line(job_id, comment, created_at) for comment in view.comments],
        "samples": [_sample(job_id, number) for number in range(portrait.samples)],
        **_particulars(view),
        "worker_type": portrait.worker_type,
        "voice_train_job_id": portrait.voice_train_job_id,
        "flexus_retry_count": view.fields.get("flexus_retry_count", 0),
    }


def entry_line(entry: Entry, created_at: int) -> Document:
    """A log line as the vendor sends it: what has no value is left out."""
    line: Document = {
        "operate_time": timestamp(created_at + entry.offset),
        "log_type": entry.log_type,
        "operate_user": entry.operate_user,
    }
    if entry.log_description is not None:
        line["log_description"] = entry.log_description
    if entry.error_code is not None:
        line["error_code"] = entry.error_code
    if entry.redo_reasons is not None:
        line["redo_reasons"] = entry.redo_reasons
    return line


def template(document: Document) -> Template:
    """The document encoded, in the pieces between its signatures."""
    return tuple(_encode(document).split(UNSIGNED.encode()))


def signed(pieces: Template, signature: bytes) -> bytes:
    """An answer of its own: every link carries `signature`, made for this request."""
    return signature.join(pieces)


def _material(job_id: str, view: View) -> Document:
    made = {entry.log_type for entry in view.entries}
    beautified = "SYSTEM_BEAUTY_PREPROCESS_SUCCESS" in made
    markable = "SYSTEM_MARKABLE_VIDEO_SUCCESS" in made
    return {
        "training_video_download_url": link(job_id, "trainingVideo"),
        "id_card_image1_download_url": link(job_id, "idCardImage1"),
        "id_card_image2_download_url": link(job_id, "idCardImage2"),
        "grant_file_download_url": link(job_id, "grantFile"),
        "pre_beauty_image_download_url": link(job_id, "preBeautyImage") if beautified else NO_LINK,
        "post_beauty_image_download_url": link(job_id, "postBeautyImage") if beautified else NO_LINK,
        "external_action_json_data_download_url": NO_LINK,
        "action_video_download_url": link(job_id, "actionVideo"),
        "audio_file_download_url": link(job_id, "audio"),
        "action_mark_file_download_url": link(job_id, "actionMark"),
        "action_mark_file_upload_url": link(job_id, "actionMarkUpload"),
        "is_mask_file_uploaded": bool(view.fields.get("is_mask_file_uploaded")),
        "mask_file_download_url": link(job_id, "mask"),
        "verify_video_download_url": link(job_id, "verifyVideo") if "ADMIN_VERIFY_SUCCESS" in made else NO_LINK,
        "markable_video_download_url": link(job_id, "markableData") if markable else NO_LINK,
        "markable_action_video_download_url": NO_LINK,
    }


def _particulars(view: View) -> Document:
    return {
        "verify_video_matting_info": [{"dx": 0, "dy": 0, "width": 1080, "height": 1920, "method": "CROP"}],
        "inference_data_process_video_mark_info": {
            "video_start_time": "00:00:01.000",
            "video_end_time": "00:04:58.120",
        },
        "inference_data_process_action_mark_info": {
            "action_info": [
                {"action_start_time": "00:00:07.040", "action_end_time": "00:00:09.800", "action_type": "WELCOME"},
            ],
        },
        "inference_data_process_eye_correction_mark_info": None,
        "audio_source_type": "VIDEO",
        "supported_service": ["VIDEO_2D", "LIVE_2D"] if view.fields.get("has_asset") else [],
        "allocated_resource": None,
    }


def _comment_line(job_id: str, comment: Comment, created_at: int) -> Document:
    return {
        "operate_time": timestamp(created_at + comment.offset),
        "comment_type": comment.comment_type,
        "comment_title": comment.comment_title,
        "comment_message": comment.comment_message,
        "attachment_download_url": [link(job_id, f"comment{comment.offset}")],
    }


def _sample(job_id: str, number: int) -> Document:
    return {
        "action_name_zh": "欢迎",
        "action_name_en": "welcome",
        "action_tag": f"action_{number}",
        "catalog": "greeting",
        "recommended_value": 5,
        "is_selected": True,
        "sample_download_url": link(job_id, f"sample{number}"),
    }
