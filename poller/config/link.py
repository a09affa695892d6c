"""URLs of upstreams and receivers. A message never cites the URL: tokens and passwords hide in them."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

LONGEST_URL: Final = 8192
_URL_CHARACTERS: Final = re.compile(r"[!-~]+")
_SCHEME: Final = re.compile(r"([A-Za-z]{1,12}(?:\+[A-Za-z0-9]{1,12})?)://")


def split(text: str) -> SplitResult:
    """The parts, with a valid port. Raises ValueError with a text that may be shown."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(
            "found a URL whose host or port cannot be read; expected HOST, HOST:PORT or [IPv6]:PORT, port 1 to 65535"
        ) from None
    if port == 0:
        raise ValueError("found the port 0; expected 1 to 65535")
    return parts


def scheme_of(text: str) -> str:
    """The scheme in words, for a message; nothing that does not look like one."""
    match = _SCHEME.match(text)
    return f"the scheme {match[1]}" if match else "no scheme"


def web_url(text: str) -> None:
    """Raises ValueError unless `text` is an absolute http or https URL that can be sent as it stands."""
    if not text.startswith(("https://", "http://")):
        raise ValueError(f"found {scheme_of(text)}; expected https:// or http://")
    if len(text) > LONGEST_URL or not _URL_CHARACTERS.fullmatch(text):
        raise ValueError(
            f"found spaces, control or non-ASCII characters, or more than {LONGEST_URL} in all; expected a URL with such as %XX"
        )
    parts = split(text)
    if not parts.hostname:
        raise ValueError("found no host; expected https://HOST/…")
    if "@" in parts.netloc:
        raise ValueError(
            "found a user or password before the host; expected a URL without: put credentials into a header or the auth table"
        )
    if "#" in text:
        raise ValueError("found a #fragment, which is never sent; expected a URL without it")


def endpoint_url(text: str) -> None:
    """Raises ValueError unless `text` is a web URL to which paths can be added."""
    web_url(text)
    if "?" in text:
        raise ValueError("found a ?query; expected scheme, host and, if need be, port and path")


def scheme_and_host(text: str) -> str:
    """The part of a web URL that may be shown."""
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
