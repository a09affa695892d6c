"""A notifier table of kind `webhook`."""

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import ConfigDict, StrictBool, WithJsonSchema

from poller.config.fields import Text
from poller.config.link import scheme_and_host, web_url
from poller.config.notifying import Notifying
from poller.config.problem import Problem, found, listed
from poller.config.quantity import write_rate
from poller.config.secrecy import SecretRule, SecretUrl, SecretUrlRule, header_safe
from poller.config.table import CLOSED, key, optional
from poller.config.template import JSON_TYPE, ContentType, Template, TemplateRule, is_json
from poller.core.secret import Secret

# Standard Webhooks 1.0: a key has 24 to 64 bytes and is written in base64 after this prefix.
_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)
_REMEDY: Final = "make one with: echo whsec_$(openssl rand -base64 32)"
Preset: TypeAlias = Literal["slack", "teams", "feishu", "dingtalk", "wecom"]
SIGNED_PRESETS: Final = ("feishu", "dingtalk")  # whose robots can have a secret
# Messages a second, as the vendors say.
_ROBOTS_TAKE: Final[Mapping[str, float]] = {"dingtalk": 20 / 60, "wecom": 20 / 60, "feishu": 100 / 60}
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
    """A receiver of signed CloudEvents, a chat robot, or whatever takes an HTTP POST.

    At most one of `secret` and `secrets` is set, and one of them unless `preset` or `template` says that the receiver is another;
    `signing_keys` is either.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in ("secret", "secrets", "preset", "template")],
            "not": {"required": ["secret", "secrets"]},
        }
    )

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
    preset: Annotated[Preset | None, WithJsonSchema({"enum": list(get_args(Preset))})] = optional(
        meaning="the body and the answers of a chat robot: slack, teams, feishu, dingtalk or wecom"
    )
    robot_secret: Annotated[Secret | None, SecretRule()] = optional(
        meaning="what the requests of a feishu or dingtalk robot are signed with"
    )
    content_type: ContentType = key(JSON_TYPE, meaning="of what the template makes; a JSON type is checked")
    template: Annotated[Template | None, TemplateRule()] = optional(
        meaning='the body, in jinja2: a string, or { file = "PATH" } beside this file; instead of the CloudEvent'
    )

    @property
    def address(self) -> str:
        """Where events go, as it may be shown."""
        return self.url.shown

    @property
    def remarks(self) -> Sequence[str]:
        """A robot that is told faster than it takes refuses, for minutes."""
        most = _ROBOTS_TAKE.get(self.preset or "", math.inf)
        if self.rate <= most:
            return ()
        return (
            f"a robot of {self.preset} takes {write_rate(most)}, rate is {write_rate(self.rate)}: it will refuse some",
        )

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The decoded keys, newest first."""
        written = self.secrets if self.secret is None else (self.secret,)
        return tuple(decode_key(secret.reveal()) for secret in written)

    @classmethod
    def across(cls, raw: dict[str, Any]) -> Iterable[Problem]:
        """One of secret and secrets; no header twice; what goes with a preset or a template, only with one."""
        if raw.get("secret") is not None and raw.get("secrets"):
            yield Problem(
                where=("secrets",), text="found both secret and secrets; allowed: exactly one of the two, remove one"
            )
        unsigned = raw.get("preset") is not None or raw.get("template") is not None
        if raw.get("secret") is None and "secrets" not in raw and not unsigned:
            yield Problem(
                where=("secret",), text=f"found neither secret nor secrets; expected whsec_<base64>, {_REMEDY}"
            )
        yield from same_headers(raw.get("headers"))
        yield from _shaped(raw)


def _shaped(raw: dict[str, Any]) -> Iterable[Problem]:
    preset, content_type = raw.get("preset"), raw.get("content_type")
    if raw.get("robot_secret") is not None and preset not in SIGNED_PRESETS:
        text = (
            f"found robot_secret without one of these presets: {listed(SIGNED_PRESETS)}; remove it, or name the preset"
        )
        yield Problem(where=("robot_secret",), text=text)
    if content_type is not None and raw.get("template") is None:
        yield Problem(
            where=("content_type",), text="found content_type without template; remove it, or write a template"
        )
    elif preset is not None and isinstance(content_type, str) and not is_json(content_type):
        yield Problem(
            where=("content_type",), text=f"found {found(content_type)}; a chat robot takes {JSON_TYPE}: remove it"
        )


def same_headers(headers: object) -> Iterable[Problem]:
    """A problem for each name that differs from an earlier one in upper and lower case only."""
    first: dict[str, str] = {}
    for name in headers if isinstance(headers, dict) else ():
        if first.setdefault(name.lower(), name) != name:
            text = f"found the header {first[name.lower()]} again; upper and lower case are the same: remove one"
            yield Problem(where=("headers", name), text=text)
