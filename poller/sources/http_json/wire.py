"""From the body of an answer to a reading, or to a page of the list. Pure.

What a digest covers is what is kept, free of links: fields that nobody asked for, and links that are signed anew, change nothing.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, TypeAlias, cast

import msgspec

from poller.core.jsonvalue import Json
from poller.core.reading import Failed, Same, Seen, Target
from poller.core.snapshot import Entry, Snapshot
from poller.sources.http_json.evaluating import Evaluator
from poller.sources.http_json.shape import LOG, Look, Shape, look
from poller.sources.http_json.values import load
from poller.sources.huawei.links import may_hold_link, without_links

DIGEST_BYTES: Final = 16
_encode: Final = msgspec.json.Encoder().encode
_as_plain: Final = msgspec.json.Decoder().decode

Decoded: TypeAlias = Same | Seen | Failed


def document_of(body: bytes) -> dict[str, Any] | list[Any] | None:
    """The object or list in `body`, None when it is anything else."""
    try:
        document = load(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict | list) else None


def read(body: bytes, target: Target, shape: Shape) -> Decoded:
    """What the answer says about `target`; nonsense when it holds nothing of what the expressions name, or is about another job."""
    document = document_of(body)
    if document is None:
        return nonsense("the answer is neither a JSON object nor a list")
    seen = look(document, shape, Evaluator())
    if not seen.kept and not seen.doubtful:
        return nonsense("the answer holds nothing of what the configuration's expressions name")
    if seen.job_id is not None and seen.job_id != target.job_id:
        return nonsense("the answer is about another job")
    encoded = _without_links(_encode(seen.kept))
    digest = blake2b(b"\n".join([encoded, *map(str.encode, seen.doubtful)]), digest_size=DIGEST_BYTES).digest()
    if digest == target.digest:
        return Same()
    return Seen(snapshot=_snapshot(_as_plain(encoded), seen.doubtful), digest=digest)


def snapshot_of(seen: Look) -> Snapshot:
    """What is kept of one job."""
    return _snapshot(_as_plain(_without_links(_encode(seen.kept))), seen.doubtful)


def nonsense(reason: str) -> Failed:
    """An answer that cannot be one."""
    return Failed(kind="nonsense", reason=reason)


def _without_links(encoded: bytes) -> bytes:
    return _encode(without_links(_as_plain(encoded))) if may_hold_link(encoded) else encoded


def _snapshot(plain: dict[str, Json], doubtful: tuple[str, ...]) -> Snapshot:
    state = cast("str | None", plain.pop("state", None)) or None
    lines = cast("list[Mapping[str, str]]", plain.pop(LOG, []))
    entries = tuple(entry for line in lines if (entry := _entry(line)) is not None)
    return Snapshot(state=state, fields=plain, entries=entries, doubtful=frozenset(doubtful))


def _entry(line: Mapping[str, str]) -> Entry | None:
    """None for a line without time and type: it could not be recognised at the next poll, and would be told again and again."""
    rest = dict(line)
    time, kind, operator = (rest.pop(key, None) for key in ("operate_time", "log_type", "operate_user"))
    if time is None and kind is None:
        return None
    return Entry(family="operation", time=time, type=kind, operator=operator, rest=rest)
