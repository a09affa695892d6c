"""The logs of a kept answer stay the text that they are: of most, only the last lines are ever read (`core.written_log`). Pure."""

import re
from typing import Any, Final

import msgspec

from poller.core.snapshot import LOGS
from poller.core.written_log import WrittenLog

_NONE: Final = msgspec.Raw(b"[]")
_KEYS: Final = tuple(len(f',"{key}":') for key in LOGS.values())
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
    raws = (logs.operation_logs, logs.comment_logs)
    end = 1 + sum(key + len(raw) for key, raw in zip(_KEYS, raws, strict=True) if raw is not _NONE)
    texts = {family: str(_tidy(bytes(raw)), "utf-8") for family, raw in zip(LOGS, raws, strict=True)}
    return _as_fields((encoded[:-end] or b"{") + b"}"), WrittenLog(texts, _as_lines)


def _tidy(log: bytes) -> bytes:
    """A log without what is no part of an entry; of nearly all it shows at a glance that they have none of it."""
    if log.count(_OBJECT) == log.count(_DATED) and _EMPTY.search(log) is None:
        return log
    return _encode([line for line in map(_filled, _as_lines(log)) if _NAMING & line.keys()])


def _filled(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if value not in ("", [])}
