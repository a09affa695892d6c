"""The [web] table: where the API, the metrics and the status page are served over TCP, and who may see them."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated, Any, Final

from poller.config.fields import Text
from poller.config.problem import Problem
from poller.config.secrecy import SecretRule
from poller.config.table import Table, key, optional
from poller.core.secret import Secret

LISTEN_FORM: Final = (
    '"HOST:PORT", an IPv6 address in brackets, such as "127.0.0.1:8780", "0.0.0.0:8780" or "[::1]:8780"'
)
_LISTEN: Final = r"(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)):([0-9]{1,5})"
_NUMBERS: Final = re.compile(r"[0-9.]+")
_HIGHEST_PORT: Final = 65535
# RFC 9110 section 11.2: a token68, which is what follows `Bearer`; other printable characters do no harm.
_TOKEN: Final = re.compile(r"[!-~]+")


def split_listen(text: str) -> tuple[str, int]:
    """Host and port. Raises ValueError."""
    match = re.fullmatch(_LISTEN, text)
    if match is None:
        raise ValueError(f"expected {LISTEN_FORM}")
    host, port = match[1] or match[2], int(match[3])
    if port > _HIGHEST_PORT:
        raise ValueError(f"expected a port up to {_HIGHEST_PORT}; 0 is any free one")
    if match[1] or _NUMBERS.fullmatch(host):
        ip_address(host)
    return host, port


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address or name."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _check_listen(text: str) -> None:
    try:
        split_listen(text)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith("expected") else f"expected {LISTEN_FORM}") from None


def _check_token(text: str) -> None:
    if not _TOKEN.fullmatch(text):
        raise ValueError("found spaces, control or non-ASCII characters; make a token with: openssl rand -hex 32")


class Web(Table):
    """The listener for the API, the metrics and the status page. Without this table nothing listens on TCP."""

    listen: Annotated[str, Text(pattern=_LISTEN, allowed=LISTEN_FORM, check=_check_listen)] = key(
        meaning="HOST:PORT; IPv6 in brackets"
    )
    token: Annotated[Secret | None, SecretRule(check=_check_token)] = optional(
        meaning="what every page and API call must carry; required unless listen is a loopback address"
    )

    @property
    def host(self) -> str:
        """The address or name to listen on."""
        return split_listen(self.listen)[0]

    @property
    def port(self) -> int:
        """The port to listen on; 0 is any free one."""
        return split_listen(self.listen)[1]

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """What others can reach needs a token."""
        listen = raw.get("listen")
        if not isinstance(listen, str) or raw.get("token") is not None:
            return
        try:
            host, _ = split_listen(listen)
        except ValueError:
            return
        if not is_loopback(host):
            text = (
                f"found nothing, and web.listen is {host}, which other machines can reach; expected a token "
                "(make one with: openssl rand -hex 32), or a loopback address such as 127.0.0.1"
            )
            yield Problem(where=("token",), text=text)
