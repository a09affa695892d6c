"""What is known of a job as the text of a column, in which its logs are neither read nor written anew (`core.written_log`)."""

from typing import Any, Final

import msgspec

from poller.core.snapshot import LOGS, Snapshot, snapshot_from_json
from poller.core.written_log import WrittenLog
from poller.store.codec import from_text, to_text

_ENDING: Final = "".join(f',"{key}":%s' for key in LOGS.values()) + "}"
_BYTES: Final = _ENDING.encode()


class _Logs(msgspec.Struct, gc=False):
    operation_logs: msgspec.Raw
    comment_logs: msgspec.Raw


_logs_of: Final = msgspec.json.Decoder(_Logs).decode
_as_fields: Final = msgspec.json.Decoder(dict[str, Any]).decode
_as_lines: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode


def spelled(snapshot: Snapshot) -> str:
    """The text of a snapshot: its object as JSON, the logs last."""
    log = snapshot.entries
    if isinstance(log, WrittenLog):
        return to_text(snapshot.plain())[:-1] + _ENDING % (log.texts["operation"], log.texts["comment"])
    return to_text(snapshot.as_json())


def read(text: str) -> Snapshot:
    """The inverse of `spelled`. A text that is none to the quick decoder (half a surrogate pair) is read as a whole."""
    try:
        return _read(text.encode()) or snapshot_from_json(from_text(text))
    except (msgspec.MsgspecError, UnicodeError):
        return snapshot_from_json(from_text(text))


def _read(encoded: bytes) -> Snapshot | None:
    """None where the logs do not come last."""
    logs = _logs_of(encoded)
    ending = _BYTES % (logs.operation_logs, logs.comment_logs)
    if not encoded.endswith(ending):
        return None
    fields = _as_fields(encoded[: -len(ending)] + b"}")
    operations, comments = str(logs.operation_logs, "utf-8"), str(logs.comment_logs, "utf-8")
    log = WrittenLog({"operation": operations, "comment": comments}, _as_lines)
    return Snapshot(fields.pop("state", None), fields, log)
