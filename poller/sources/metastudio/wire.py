"""From the body of a detail answer to what is kept of it (INTERFACE.md section 6). Pure.

Most polls bring nothing new. Hence the quick way: decode only what is allowed, encode it again, hash that; a known hash ends the
matter. What a digest covers is free of links, so that signing them anew changes nothing.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias, cast

import msgspec

from poller.core.jsonvalue import Json, JsonObject
from poller.core.reading import Failed, Same, Seen, Target
from poller.core.snapshot import LOGS, Entry, Family, Snapshot
from poller.sources.metastudio.allowed import FIELDS, Table, struct_of, with_kept
from poller.sources.metastudio.links import may_hold_link, without_links
from poller.sources.metastudio.sifting import sift, too_deep

DIGEST_BYTES: Final = 16
_TYPE_KEY: Final[Mapping[Family, str]] = {"operation": "log_type", "comment": "comment_type"}
_encode: Final = msgspec.json.Encoder().encode
_as_plain: Final = msgspec.json.Decoder().decode

Decoded: TypeAlias = Same | Seen | Failed


class _Kept(NamedTuple):
    """The kept part, encoded and without links; `doubtful` names the fields that could not be read. A tuple: one is made per poll."""

    encoded: bytes
    doubtful: tuple[str, ...] = ()

    def digest(self) -> bytes:
        """A field that could not be read is not the same as one that is absent: the names are a part."""
        content = self.encoded + ",".join(self.doubtful).encode() if self.doubtful else self.encoded
        return blake2b(content, digest_size=DIGEST_BYTES).digest()


class Wire:
    """Reads answers with the allow-list and `keep_fields`."""

    def __init__(self, keep_fields: tuple[str, ...] = ()) -> None:
        self._table: Table = with_kept(keep_fields)
        self._decode = msgspec.json.Decoder(struct_of("Job", self._table)).decode
        self._any = [f"field{place}" for place in range(len(FIELDS), len(self._table))]

    def read(self, body: bytes, target: Target) -> Decoded:
        """What the answer says about `target`; nonsense when it is no JSON object or not about that job."""
        kept = self._typed(body) or self._sifted(body)
        if kept is None:
            return _nonsense("the answer is not a JSON object")
        digest = kept.digest()
        if digest == target.digest:
            return Same()
        plain: dict[str, Any] = _as_plain(kept.encoded)
        fault = _fault(plain, target)
        if fault is not None:
            return _nonsense(fault)
        return Seen(snapshot=_snapshot(plain, frozenset(kept.doubtful)), digest=digest)

    def _typed(self, body: bytes) -> _Kept | None:
        try:
            job = self._decode(body)
            if self._any and any(too_deep(getattr(job, place)) for place in self._any):
                return None
            encoded = _encode(job)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        return _Kept(encoded=_without_links(encoded))

    def _sifted(self, body: bytes) -> _Kept | None:
        sifted = sift(body, self._table)
        if sifted is None:
            return None
        return _Kept(encoded=_without_links(_encode(sifted.fields)), doubtful=sifted.doubtful)


def _without_links(encoded: bytes) -> bytes:
    return _encode(without_links(_as_plain(encoded))) if may_hold_link(encoded) else encoded


def _fault(plain: JsonObject, target: Target) -> str | None:
    job_id = plain.get("job_id")
    if not job_id and not plain.get("state"):
        return "the answer has neither job_id nor state"
    return "the answer is about another job" if job_id and job_id != target.job_id else None


def _nonsense(reason: str) -> Failed:
    return Failed(kind="nonsense", reason=reason)


def _snapshot(plain: dict[str, Json], doubtful: frozenset[str]) -> Snapshot:
    state = cast("str | None", plain.pop("state", None)) or None
    logs = {family: cast("list[JsonObject]", plain.pop(key, [])) for family, key in LOGS.items()}
    entries = tuple(entry for family, lines in logs.items() for line in lines if (entry := _entry(family, line)))
    return Snapshot(state=state, fields=plain, entries=entries, doubtful=doubtful)


def _entry(family: Family, line: JsonObject) -> Entry | None:
    """None for a line without time and type: it could not be recognised at the next poll, and would be told again and again."""
    kept = {key: value for key, value in line.items() if value not in ("", [])}
    rest = dict(kept)
    named = [cast("str | None", rest.pop(key, None)) for key in ("operate_time", _TYPE_KEY[family], "operate_user")]
    if named[0] is None and named[1] is None:
        return None
    return Entry(family=family, time=named[0], type=named[1], operator=named[2], rest=rest)
