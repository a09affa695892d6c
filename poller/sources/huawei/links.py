"""Links are never kept (INTERFACE.md section 6): they are signed anew at every answer, and show people's papers to whoever has them."""

import re
from typing import Final, cast

from poller.core.jsonvalue import Json

MASK: Final = "<link>"

# Where a link ends: at white space, at ASCII quotes and angle brackets, at the punctuation of a Chinese sentence.
_REST: Final = r"[^\s\"<>。，；！？、）】》」』”’]*"  # noqa: RUF001 these very characters are meant
_LINK: Final = re.compile(
    rf"(?:[a-z][a-z0-9+.-]{{0,30}})?(?::|%3a)(?:/|%2f){{2}}{_REST}"  # scheme://…, also percent-encoded
    rf"|(?<![\w/:])//[^\s/]+\.[^\s/]{_REST}"  # //host.name/…
    rf"|(?<![\w.-])www\.{_REST}"
    rf"|[?&][\w.-]{{0,40}}(?:signature|accesskeyid|token)=\S*",  # what is left of a signed link that was written with a space
    re.IGNORECASE,
)
_WHOLE: Final = re.compile(r"\s*//\S*\s*")  # protocol-relative, as the whole value
_USUAL: Final = ("https://", "http://")
_SPACE: Final = re.compile(r"\s")
NUL: Final = "\x00"

# Each alternative above needs one of these characters, or www. The backslash is for NUL, which is no link, yet no database keeps it.
_MARKS: Final = (b"/", b"%", b"=", b"\\")
_WWW: Final = re.compile(rb"\.(?<=[wW]{3}\.)")  # from the dot backwards: looking for a single character is quick


def may_hold_link(encoded: bytes) -> bool:
    """Whether encoded JSON needs `without_links`; quick, and never wrongly False."""
    slash, percent, equals, backslash = _MARKS
    if slash in encoded or percent in encoded or equals in encoded or backslash in encoded:
        return True
    return _WWW.search(encoded) is not None


def without_links(value: Json) -> Json:
    """`value` with links in texts replaced by `<link>`; what is a link as a whole is left out of lists and objects, and else None."""
    if isinstance(value, str):
        return _masked(value)
    if isinstance(value, dict):
        pairs = ((_masked(key), item, without_links(item)) for key, item in cast("dict[str, Json]", value).items())
        return {key: new for key, old, new in pairs if key is not None and (new is not None or old is None)}
    if isinstance(value, list):
        items = ((item, without_links(item)) for item in cast("list[Json]", value))
        return [new for old, new in items if new is not None or old is None]
    return value


def _masked(text: str) -> str | None:
    if text.startswith(_USUAL) and not _SPACE.search(text):
        return None
    if "/" not in text and "%" not in text and "=" not in text and NUL not in text and "www." not in text.lower():
        return text  # the pattern is slow; the same marks as above, in a text that is not encoded
    masked = _LINK.sub(MASK, text.replace(NUL, ""))
    return None if masked.strip() == MASK or _WHOLE.fullmatch(masked) else masked
