"""JSON text and plain text as both databases can hold them."""

import json
from collections.abc import Mapping
from typing import cast

import msgspec

from poller.core.jsonvalue import Json, JsonObject

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()


def to_utf8(value: Mapping[str, object]) -> bytes:
    """`value` as compact JSON."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair: JSON can hold it escaped, UTF-8 cannot
        return json.dumps(value, separators=(",", ":")).encode()


def to_text(value: Mapping[str, object]) -> str:
    """The same as text."""
    return to_utf8(value).decode()


def from_text(text: str | bytes) -> dict[str, Json]:
    """The inverse of `to_text`, and of `to_utf8`."""
    try:
        return cast("dict[str, Json]", _DECODER.decode(text))
    except msgspec.DecodeError:  # half a surrogate pair
        return cast("dict[str, Json]", json.loads(text))


def strings(text: str) -> dict[str, str]:
    """A JSON object of strings: labels."""
    return cast("dict[str, str]", from_text(text)) if text != "{}" else {}


def numbers(text: str) -> dict[str, int]:
    """A JSON object of whole numbers: counts."""
    return cast("dict[str, int]", from_text(text))


def clean(text: str) -> str:
    """`text` as a text column can hold it: PostgreSQL takes no NUL, and neither database half a surrogate pair."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def cleaned(value: object) -> str | None:
    """`clean` for a column that may be null; what is no text (a field of a wrong type) becomes null."""
    return clean(value) if isinstance(value, str) else None


def text_field(fields: JsonObject, key: str) -> str | None:
    """A field of a snapshot for a column that is searched."""
    return cleaned(fields.get(key))
