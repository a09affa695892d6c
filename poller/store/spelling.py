"""What is known of a job as the text of a column, in which its logs are neither read nor written anew (`core.written_log`)."""

from typing import Any, Final

import msgspec

from poller.core.jsonvalue import Json
from poller.core.snapshot import LOGS, Snapshot, snapshot_from_json
from poller.core.written_log import WrittenLog
from poller.store.codec import from_text, to_text


class _Logs(msgspec.Struct, gc=False):
    operation_logs: msgspec.Raw
    comment_logs: msgspec.Raw


_logs_of: Final = msgspec.json.Decoder(_Logs).decode
_as_lines: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode


def spelled(snapshot: Snapshot) -> str:
    """The text of a snapshot: its object as JSON, the logs last."""
    log = snapshot.entries
    if isinstance(log, WrittenLog):
        return f"{to_text(snapshot.plain())[:-1]}{_ending(log)}"
    return to_text(snapshot.as_json())


def read(text: str) -> Snapshot:
    """The inverse of `spelled`."""
    log = _written_log(text)
    ending = _ending(log) if log is not None else ""
    if log is None or not text.endswith(ending):
        return snapshot_from_json(from_text(text))
    fields: dict[str, Json] = from_text(text[: -len(ending)] + "}")
    state: Any = fields.pop("state", None)
    return Snapshot(state=state, fields=fields, entries=log)


def _written_log(text: str) -> WrittenLog | None:
    """None where a text is none to the quick decoder (half a surrogate pair), or there are no logs."""
    try:
        logs = _logs_of(text)
    except msgspec.MsgspecError:
        return None
    raws = (logs.operation_logs, logs.comment_logs)
    return WrittenLog({family: str(raw, "utf-8") for family, raw in zip(LOGS, raws, strict=True)}, _as_lines)


def _ending(log: WrittenLog) -> str:
    written = [f'"{LOGS[family]}":{text}' for family, text in log.texts.items()]
    return f",{','.join(written)}}}"
