"""The logs of a kept answer stay the text that they are: of most, only the last lines are ever read (`core.written_log`). Pure."""

import re
from typing import Any, Final

import msgspec

from poller.core.snapshot import LOGS
from poller.core.written_log import WrittenLog

_NONE: Final = msgspec.Raw(b"[]")
_OPERATIONS, _COMMENTS = (f',"{LOGS[family]}":' for family in LOGS)
# Quotation marks in texts are escaped: these mean what they look like, but for brackets, of which there may be some more.
_OBJECT: Final = b"{"
_DATED: Final = b'{"operate_time":"'
_EMPTY: Final = re.compile(rb':(?:""|\[\])')
_NAMING: Final = frozenset({"operate_time", "log_type", "comment_type"})


class _Logs(msgspec.Struct, gc=False):
    operation_logs: msgspec.Raw = _NONE
    comment_logs: msgspec.Raw = _NONE


_logs_of: Final = msgspec.json.Decoder(_Logs).decode
_as_fields: Final = msgspec.json.Decoder(dict[str, Any]).decode
_as_lines: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode
_encode: Final = msgspec.json.Encoder().encode


def apart(encoded: bytes) -> tuple[dict[str, Any], WrittenLog]:
    """The kept fields but the logs, and the logs, which come last (`huawei.allowed.with_kept`)."""
    logs = _logs_of(encoded)
    operations, comments = logs.operation_logs, logs.comment_logs
    end = _length(_OPERATIONS, operations) + _length(_COMMENTS, comments) + len("}")
    fields = _as_fields((encoded[:-end] or b"{") + b"}")
    return fields, WrittenLog({"operation": _text(operations), "comment": _text(comments)}, _as_lines)


def _length(key: str, log: msgspec.Raw) -> int:
    return 0 if log is _NONE else len(key) + len(log)


def _text(raw: msgspec.Raw) -> str:
    """A log without what is no part of an entry; of nearly all it shows at a glance that they have none of it."""
    log = bytes(raw)
    if log.count(_OBJECT) != log.count(_DATED) or _EMPTY.search(log):
        log = _encode([line for line in map(_filled, _as_lines(log)) if _NAMING & line.keys()])
    return log.decode()


def _filled(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if value not in ("", [])}
