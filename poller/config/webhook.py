"""A notifier table of kind `webhook`."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, StrictBool

from poller.config.fields import Text
from poller.config.link import scheme_and_host, web_url
from poller.config.notifying import Notifying
from poller.config.problem import Problem
from poller.config.secrecy import SecretRule, SecretUrl, SecretUrlRule, header_safe
from poller.config.table import CLOSED, key, optional
from poller.core.secret import Secret

# Standard Webhooks 1.0: a key has 24 to 64 bytes and is written in base64 after this prefix.
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)
_REMEDY: Final = "make one with: echo whsec_$(openssl rand -base64 32)"
# The message itself, its signature and the connection are poller's.
_OURS: Final = re.compile(
    "content-type|content-length|content-encoding|host|webhook-.*|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-connection",
    re.IGNORECASE,
)


def decode_key(text: str) -> bytes:
    """The key of `whsec_<base64>`. Raises ValueError with a text that may be shown."""
    if not text.startswith(_PREFIX):
        raise ValueError(f"found a secret without the prefix whsec_; expected whsec_<base64>, {_REMEDY}")
    try:
        decoded = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            f"found something other than base64 after whsec_; expected whsec_<base64>, {_REMEDY}"
        ) from None
    if len(decoded) not in _KEY_BYTES:
        raise ValueError(f"found a key of {len(decoded)} bytes; allowed: 24 to 64, {_REMEDY}")
    return decoded


def _check_key(text: str) -> None:
    decode_key(text)


def _check_header_name(name: str) -> None:
    if _OURS.fullmatch(name):
        raise ValueError("allowed: any header but those that poller sets itself")


_SIGNING: Final = SecretRule(check=_check_key, pattern=f"^{_PREFIX}")
SigningSecret: TypeAlias = Annotated[Secret, _SIGNING]
HeaderName: TypeAlias = Annotated[
    # RFC 9110 section 5.6.2: token
    str,
    Text(pattern="[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", allowed="the name of an HTTP header", check=_check_header_name),
]


class WebhookConfig(Notifying):
    """A receiver of signed CloudEvents.

    Exactly one of `secret` and `secrets` is set; `signing_keys` is either.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["secret"]}, {"required": ["secrets"]}]})

    kind: Literal["webhook"] = key(meaning="webhook: signed HTTP POST")
    url: Annotated[SecretUrl, SecretUrlRule(check=web_url, show=scheme_and_host, pattern="^https?://")] = key(
        meaning="where events are posted; a secret"
    )
    secret: Annotated[Secret | None, _SIGNING] = optional(meaning="the signing secret, whsec_<base64>")
    secrets: tuple[SigningSecret, ...] = optional(
        (), meaning="instead of secret: [new, old] while rotating", min_length=1, max_length=5
    )
    headers: Mapping[HeaderName, Annotated[Secret, SecretRule(check=header_safe)]] = key(
        {}, meaning="headers sent besides poller's own", max_length=50, json_schema_extra=CLOSED
    )
    public_only: StrictBool = key(
        False, meaning="true: refuse private, loopback and other non-public addresses as well"
    )

    @property
    def address(self) -> str:
        """Where events go, as it may be shown."""
        return self.url.shown

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The decoded keys, newest first."""
        written = self.secrets if self.secret is None else (self.secret,)
        return tuple(decode_key(secret.reveal()) for secret in written)

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """Exactly one of secret and secrets; no header twice."""
        if raw.get("secret") is not None and raw.get("secrets"):
            yield Problem(
                where=("secrets",), text="found both secret and secrets; allowed: exactly one of the two, remove one"
            )
        if raw.get("secret") is None and "secrets" not in raw:
            yield Problem(
                where=("secret",), text=f"found neither secret nor secrets; expected whsec_<base64>, {_REMEDY}"
            )
        yield from same_headers(raw.get("headers"))


def same_headers(headers: object) -> Iterable[Problem]:
    """A problem for each name that differs from an earlier one in upper and lower case only."""
    first: dict[str, str] = {}
    for name in headers if isinstance(headers, dict) else ():
        if first.setdefault(name.lower(), name) != name:
            text = f"found the header {first[name.lower()]} again; upper and lower case are the same: remove one"
            yield Problem(where=("headers", name), text=text)
