"""The allow-list of INTERFACE.md section 6 for avatar training jobs."""

from typing import Final

from poller.sources.huawei.allowed import Lines, Table

OPERATION: Final[Table] = {
    "operate_time": "text",
    "log_type": "text",
    "log_description": "text",
    "operate_user": "text",
    "error_code": "text",
    "redo_reasons": "texts",
}
COMMENT: Final[Table] = {
    "operate_time": "text",
    "comment_type": "text",
    "comment_title": "text",
    "comment_message": "text",
    "operate_user": "text",
}
"""Without `attachment_download_url`: links. `operate_user` is not documented for comments, and identifies the entry if it comes."""

FIELDS: Final[Table] = {
    "job_id": "text",
    "name": "text",
    "state": "text",
    "asset_id": "text",
    "project_id": "text",
    "create_time": "text",
    "last_update_time": "text",
    "batch_name": "text",
    "tags": "texts",
    "model_version": "text",
    "matting_type": "text",
    "model_resolution": "text",
    "app_user_id": "text",
    "is_flexus": "flag",
    "flexus_retry_count": "number",
    "worker_type": "texts",
    "voice_train_job_id": "text",
    "supported_service": "texts",
    "audio_source_type": "text",
    "is_background_replacement": "flag",
    "is_mask_file_uploaded": "flag",
    "operation_logs": Lines(OPERATION),
    "comment_logs": Lines(COMMENT),
}
LISTED: Final[Table] = {name: kind for name, kind in FIELDS.items() if not isinstance(kind, Lines)}
"""A list page shows no logs (FACTS.md, Calls)."""
