"""From a body to what an allow-list keeps of it, without links (INTERFACE.md section 6). Pure.

The quick way is tried first: decode only what is allowed, of the right types, and encode it again. An answer with a mistake in it
goes the tolerant way (`sifting`); on answers without one both give the same.
"""

from hashlib import blake2b
from typing import Any, Final, NamedTuple, cast

import msgspec

from poller.core.jsonvalue import Json
from poller.sources.huawei.allowed import INT64, Table, page_of, struct_of, with_kept
from poller.sources.huawei.links import may_hold_link, without_links
from poller.sources.huawei.sifting import sift, sift_page, too_deep

DIGEST_BYTES: Final = 16
_NO_ANSWER: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
_encode: Final = msgspec.json.Encoder().encode
_as_plain: Final = msgspec.json.Decoder().decode
_as_raws: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Kept(NamedTuple):
    """The kept part, encoded; `doubtful` names the fields that could not be read. A tuple: one is made per poll."""

    encoded: bytes
    doubtful: tuple[str, ...]
    digest: bytes

    def plain(self) -> dict[str, Any]:
        """The kept fields, null ones left out."""
        fields: dict[str, Any] = _as_plain(self.encoded)
        return fields


class KeptPage(NamedTuple):
    """The kept fields of each object on a page, null ones left out, and the names of those that could not be read.

    `length` counts what is no object too. `total` is the answer's `count`, None when it could not be read.
    """

    items: list[dict[str, Any]]
    doubtful: list[frozenset[str]]
    length: int
    total: int | None


class Keeper:
    """Keeps what `fields` allows, and `keep_fields` besides."""

    def __init__(self, fields: Table, keep_fields: tuple[str, ...] = ()) -> None:
        self._table = with_kept(fields, keep_fields)
        self._decode = msgspec.json.Decoder(struct_of("Answer", self._table)).decode
        self._any = [f"field{place}" for place, form in enumerate(self._table.values()) if form == "any"]

    def answer(self, body: bytes, known: bytes | None = None) -> Kept | None:
        """What is kept of an answer that is one object, without links; None when it is none. `known` is the digest of the last one."""
        kept = self.typed(body) or self.sifted(body)
        if kept is None or kept.digest == known:  # what was kept last time has no link in it, so this has none either
            return kept
        return _without_links(kept)

    def typed(self, body: bytes) -> Kept | None:
        """The quick way, links included; None when something is not as it should be."""
        try:
            decoded = self._decode(body)
            if self._any and self.holds_depth(decoded):
                return None
            encoded = _encode(decoded)
        except _NO_ANSWER:
            return None
        return _kept(encoded)

    def sifted(self, body: bytes) -> Kept | None:
        """The tolerant way, links included."""
        sifted = sift(body, self._table)
        if sifted is None:
            return None
        return _kept(_encode(sifted.fields), sifted.doubtful)

    def holds_depth(self, decoded: msgspec.Struct) -> bool:
        """Whether a field of any type is nested deeper than can be kept."""
        return any(too_deep(getattr(decoded, place)) for place in self._any)


class PageKeeper:
    """Keeps what `fields` allows, and `keep_fields` besides, of each object in the list below `key` of an answer."""

    def __init__(self, fields: Table, key: str, keep_fields: tuple[str, ...] = ()) -> None:
        self._key = key
        self._table = with_kept(fields, keep_fields)
        self._decode = msgspec.json.Decoder(page_of(self._table, key)).decode
        self._keeper = Keeper(fields, keep_fields)

    def page(self, body: bytes) -> KeptPage | None:
        """The page, of which a broken item costs that item only; None when there is no list in the body."""
        return self.typed(body) or self.sifted(body)

    def typed(self, body: bytes) -> KeptPage | None:
        """The quick way; None when something is not as it should be."""
        try:
            decoded: Any = self._decode(body)
            items = _none_left(decoded.items, decoded.count)
            if items is None or any(map(self._keeper.holds_depth, items)):
                return None
            plain = _plain_items(items)
        except _NO_ANSWER:
            return None
        return KeptPage(plain, [_SURE] * len(plain), len(plain), _count(decoded.count))

    def sifted(self, body: bytes) -> KeptPage | None:
        """The tolerant way."""
        page = sift_page(body, self._key, self._table)
        if page is None:
            return None
        found, length, count = page
        doubtful = [frozenset(one.doubtful) for one in found]
        return KeptPage([_clean(one.fields) for one in found], doubtful, length, _count(count))


_SURE: Final[frozenset[str]] = frozenset()


def _none_left(items: list[msgspec.Struct] | None, count: object) -> list[msgspec.Struct] | None:
    """A list that is absent or null is an empty one where `count` says so, and else no list."""
    return [] if items is None and count == 0 and count is not False else items


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= INT64 else None


def _kept(encoded: bytes, doubtful: tuple[str, ...] = ()) -> Kept:
    """A field that could not be read is not the same as one that is absent: the names are a part of the digest."""
    content = encoded + ",".join(doubtful).encode() if doubtful else encoded
    return Kept(encoded, doubtful, blake2b(content, digest_size=DIGEST_BYTES).digest())


def _without_links(kept: Kept) -> Kept:
    return _kept(_encode(without_links(kept.plain())), kept.doubtful) if may_hold_link(kept.encoded) else kept


def _plain_items(items: list[msgspec.Struct]) -> list[dict[str, Any]]:
    """As dicts; only those that may hold a link are looked at closer. Raises what encoding raises for texts that are none."""
    encoded = _encode(items)
    plain: list[dict[str, Any]] = msgspec.to_builtins(items)
    if may_hold_link(encoded):
        for place, raw in enumerate(_as_raws(encoded)):
            if may_hold_link(bytes(raw)):
                plain[place] = _clean(plain[place])
    return plain


def _clean(fields: dict[str, Json]) -> dict[str, Any]:
    return cast("dict[str, Any]", without_links(fields))
