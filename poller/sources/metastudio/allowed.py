"""The allow-list of INTERFACE.md section 6: which fields of an answer are kept, and of what type each is. Nothing else is read."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["text", "flag", "number", "texts", "operations", "comments", "any"]
Table: TypeAlias = Mapping[str, Kind]

INT64: Final = 2**63 - 1  # a larger number is a wrong one, and databases do not take it

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
    "operation_logs": "operations",
    "comment_logs": "comments",
}
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


def with_kept(keep_fields: tuple[str, ...]) -> Table:
    """The allow-list and what the operator wants kept besides, which may be of any type."""
    extra: dict[str, Kind] = {name: "any" for name in keep_fields if name not in FIELDS}
    return {**FIELDS, **extra}


def struct_of(name: str, table: Table) -> type[msgspec.Struct]:
    """A type that decodes what `table` allows and skips all else, in the order of `table`."""
    places = {f"field{place}": field for place, field in enumerate(table)}  # a kept field's name may be no identifier
    fields = [(place, _TYPES[table[field]], None) for place, field in places.items()]
    return msgspec.defstruct(name, fields, rename=places, omit_defaults=True, gc=False)


_TYPES: Final[dict[Kind, Any]] = {
    "text": str | None,
    "flag": bool | None,
    "number": Annotated[int, msgspec.Meta(ge=-INT64, le=INT64)] | None,
    "texts": list[str] | None,
    "any": Any,
}
_TYPES["operations"] = list[struct_of("Operation", OPERATION)] | None  # type: ignore[misc]  # a type made at run time
_TYPES["comments"] = list[struct_of("Comment", COMMENT)] | None  # type: ignore[misc]  # a type made at run time
