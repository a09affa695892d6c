"""What is known of a job as the text of a column, in UTF-8, in which its logs are neither read nor written anew (`core.written_log`)."""

from typing import Any, Final

import msgspec

from poller.core.snapshot import LOGS, Snapshot, snapshot_from_json
from poller.core.written_log import WrittenLog
from poller.store.codec import from_text, to_utf8

_ENDING: Final = "".join(f',"{key}":%b' for key in LOGS.values()).encode() + b"}"


class _Logs(msgspec.Struct, gc=False):
    operation_logs: msgspec.Raw
    comment_logs: msgspec.Raw


_logs_of: Final = msgspec.json.Decoder(_Logs).decode
_as_fields: Final = msgspec.json.Decoder(dict[str, Any]).decode
_as_lines: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode


def spelled(snapshot: Snapshot) -> bytes:
    """The text of a snapshot: its object as JSON, the logs last."""
    log = snapshot.entries
    if isinstance(log, WrittenLog):
        ending = _ENDING % (log.texts["operation"].encode(), log.texts["comment"].encode())
        return to_utf8(snapshot.plain())[:-1] + ending
    return to_utf8(snapshot.as_json())


def read(text: bytes) -> Snapshot:
    """The inverse of `spelled`. A text that is none to the quick decoder (half a surrogate pair) is read as a whole."""
    try:
        return _read(text) or snapshot_from_json(from_text(text))
    except msgspec.MsgspecError:
        return snapshot_from_json(from_text(text))


def _read(text: bytes) -> Snapshot | None:
    """None where the logs do not come last."""
    logs = _logs_of(text)
    ending = _ENDING % (logs.operation_logs, logs.comment_logs)
    if not text.endswith(ending):
        return None
    fields = _as_fields(text[: -len(ending)] + b"}")
    operations, comments = str(logs.operation_logs, "utf-8"), str(logs.comment_logs, "utf-8")
    log = WrittenLog({"operation": operations, "comment": comments}, _as_lines)
    return Snapshot(fields.pop("state", None), fields, log)
