"""The allow-list for voice training jobs, chosen as INTERFACE.md section 6 does: no links, no contact, nothing about the person.

The fields are those of the vendor's client (huaweicloudsdkmetastudio 3.1.219, ShowVoiceTrainingJobResponse). Left out are `phone`,
`sex`, `voice_authorization_url`, `training_input_source_url`, what was paid for (`allocated_resource`) and `assess_result`.
"""

from collections.abc import Mapping
from typing import Final

from poller.sources.huawei.allowed import Part, Table

FIELDS: Final[Table] = {
    "job_id": "text",
    "voice_name": "text",
    "state": "text",
    "job_type": "text",
    "create_type": "text",
    "asset_id": "text",
    "create_time": "instant",
    "lastupdate_time": "instant",
    "batch_name": "text",
    "tag": "text",
    "app_user_id": "text",
    "language": "text",
    "output_language": "text",
    "dhtms_job_id": "text",
    "reject_times": "number",
    "job_failed_code": "text",
    "job_failed_reason": "text",
    "is_remake": "flag",
    "is_ondemand_resource": "flag",
}
OPERATION: Final[Table] = {
    "time": "instant",
    "action": "text",
    "operator": "text",
    "external_info": Part({"admin_audit_failure_reason": "text", "algorithm_failure_reason": "text"}),
}
"""Without `external_info.review_id_list`: ids of review pages."""

TOLD_AS: Final[Mapping[str, str]] = {"voice_name": "name"}
"""Told under the word that routes, events and lists know. `tag`, of which a job has one, is told as `tags`."""
